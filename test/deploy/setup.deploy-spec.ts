import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identityKey } from '../../apps/local-stack/src/secrets.js';
import { COMPOSE, MadeSettings } from './compose.js';
import { composeProject, INSTALL_MS, Refused, ROOT } from './tools.js';

const settings = new MadeSettings();
let made: Readonly<Record<string, string | undefined>>;
beforeAll(async () => {
  made = await settings.make();
  await composeProject(settings.file, [COMPOSE]);
}, INSTALL_MS);
afterAll(() => settings.remove());

describe('docker/setup.mjs', () => {
  it('makes a file that only its owner may read', () => {
    expect(statSync(settings.file).mode & 0o777).toBe(0o600);
  });

  it('keeps every secret and every line of yours when it runs again', async () => {
    const before = readFileSync(settings.file, 'utf8');
    writeFileSync(settings.file, `${before}# mine\nLOG_LEVEL=debug\n`);
    const again = await settings.make();
    expect(again).toEqual({ ...made, LOG_LEVEL: 'debug' });
    expect(readFileSync(settings.file, 'utf8')).toContain('# mine\n');
  });

  it('gives no two secrets the same value', () => {
    const values = Object.values(made);
    expect(new Set(values).size).toBe(values.length);
  });

  it('derives the keys of the secret before as well, while there is one', async () => {
    const before = readFileSync(settings.file, 'utf8');
    const previous = 'the secret before, which is long enough';
    writeFileSync(settings.file, `${before}GATEWAY_SECRET_PREVIOUS='${previous}'\n`);
    expect((await settings.make())['LLM_API_IDENTITY_KEY_PREVIOUS']).toBe(identityKey(previous, 'llm-api'));
    writeFileSync(settings.file, before);
    expect(await settings.make()).not.toHaveProperty('LLM_API_IDENTITY_KEY_PREVIOUS');
  });
});

describe('what docker compose would refuse', () => {
  const broken = async (from: string, to: string): Promise<unknown> => {
    const text = readFileSync(COMPOSE, 'utf8').replaceAll('./', `${join(ROOT, 'docker')}/`);
    expect(text).toContain(from);
    const file = `${settings.file}.compose.yaml`;
    writeFileSync(file, text.replace(from, to));
    return composeProject(settings.file, [file]).catch((error: unknown) => error);
  };

  it('a misspelt key is refused', async () => {
    const answer = await broken('  read_only: true', '  readonly: true').then(String);
    expect(answer).toContain('readonly');
  });

  it('a service that waits for one that does not exist is refused', async () => {
    const answer = await broken(
      'postgres: { condition: service_healthy }',
      'postgre: { condition: service_healthy }',
    );
    expect(answer).toBeInstanceOf(Refused);
    expect(String(answer)).toContain('postgre');
  });

  it('a mount of what is not there is refused', async () => {
    expect(String(await broken('shared-dicts.conf:/opt', 'shared-dict.conf:/opt'))).toContain('is not there');
  });

  it('a secret that is not set is refused, with what to do', async () => {
    const empty = new MadeSettings();
    writeFileSync(empty.file, '');
    const answer = await composeProject(empty.file, [COMPOSE]).catch(String);
    empty.remove();
    expect(answer).toContain('run docker/setup.mjs');
  });
});
