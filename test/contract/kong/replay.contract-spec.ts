import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CONTRACT_FOLDER, givenGateway, hasContract, startGateway, type TestGateway } from './gateway.js';

interface Scenario {
  readonly name: string;
  readonly mode?: 'db' | 'dbless';
}
const folder = join(CONTRACT_FOLDER, 'scenarios');
const scenarios = hasContract
  ? readdirSync(folder).map((file) => ({
      file,
      scenario: JSON.parse(readFileSync(join(folder, file), 'utf8')) as Scenario,
    }))
  : [];

if (!hasContract)
  describe('recorded Kong 3.9.3', () => {
    it.skip('not here: ../shared/kong-contract, the recordings, is no part of this repository', () =>
      undefined);
  });

for (const mode of ['db', 'dbless'] as const) {
  const own = scenarios.filter(({ scenario }) => (scenario.mode ?? 'db') === mode);
  if (own.length === 0) continue;
  describe(`recorded Kong 3.9.3, ${mode}`, () => {
    let gateway: TestGateway;
    beforeAll(async () => {
      gateway =
        (mode === (process.env['KONG_MODE'] ?? 'db') ? givenGateway() : undefined) ??
        (await startGateway(mode));
    });
    afterAll(() => gateway.close());

    it.each(own.map(({ file, scenario }) => [scenario.name, file]))(
      'answers alike: %s',
      async (_name, file) => {
        const { code, output } = await replay(gateway, mode, join(folder, file));
        expect(output).toContain('1 passed, 0 failed');
        expect(code).toBe(0);
      },
    );
  });
}

function replay(
  gateway: TestGateway,
  mode: string,
  file: string,
): Promise<{ code: number | null; output: string }> {
  const script = join(CONTRACT_FOLDER, 'replay.mjs');
  const child = spawn(process.execPath, [
    script,
    '--admin',
    gateway.adminUrl,
    '--proxy',
    gateway.proxyUrl,
    '--mode',
    mode,
    file,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}
