import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newKey } from '../../apps/auth-api/src/api-keys/key-format.js';

const PROGRAM = resolve('test/support/check-logs.mjs');
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = `${part({ alg: 'RS256' })}.${part({ sub: 'someone' })}`;
const secret = randomBytes(24).toString('base64url');

let folder: string;

function check(
  lines: readonly string[],
  { secrets, file = 'auth-api.log' }: { secrets?: unknown; file?: string } = {},
): { status: number | null; output: string } {
  mkdirSync(join(folder, 'logs/sub'), { recursive: true });
  writeFileSync(join(folder, 'logs', file), `${lines.join('\n')}\n`);
  return run(secrets);
}

function run(secrets?: unknown): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, join(folder, 'logs')], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...(secrets ? { GATEHOUSE_SECRETS: JSON.stringify(secrets) } : {}) },
  });
  return { status, output: stdout + stderr };
}

const harmless = Array.from({ length: 120 }, (_, n) =>
  JSON.stringify({ level: 'info', msg: `request ${n}` }),
);
const withLine = (line: string): string[] => [...harmless.slice(0, 60), line, ...harmless.slice(60)];

describe('the check of the logs', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'check-logs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('passes logs without secrets, redacted ones and what is shown of a key', () => {
    const { key, prefix, suffix, hash } = newKey('sk_live_');
    const shown = JSON.stringify({ key: '[redacted]', prefix, suffix, hash, length: key.length });
    expect(check(withLine(shown))).toMatchObject({ status: 0 });
  });

  it.each([
    ['a whole token', `${token}.${secret}`],
    ['a token without its signature', token],
    ['an API key', newKey('sk_live_').key],
    ['an API key of another prefix', newKey('ab_test_').key],
    ['a cut API key', newKey('sk_live_').key.slice(0, 24)],
    ['a password of a test', `Pa55mark-${secret}`],
    ['a known secret', secret],
  ])('refuses %s, says where, and does not repeat it', (_, text) => {
    const { status, output } = check(withLine(`{"msg":"sent ${text} there"}`), {
      secrets: { GATEWAY_CALL_SECRET: secret },
      file: 'sub/other.log',
    });
    expect(status).toBe(1);
    expect(output).toContain('sub/other.log:61: ');
    expect(output).toContain('{"msg":"sent █ there"}');
    expect(output).not.toContain(text);
  });

  it('fails when there is nothing to check', () => {
    expect(run()).toMatchObject({ status: 1 });
    expect(check(harmless.slice(0, 50))).toMatchObject({ status: 1 });
  });
});
