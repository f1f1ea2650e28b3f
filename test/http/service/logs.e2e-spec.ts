import { describe, expect, it } from '@jest/globals';
import { launchAuthApi } from '../../support/auth-api.js';

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly err?: { readonly message: string };
}

/** What a library, Node and a bug would do, all inside auth-api once it runs. */
const MISHAPS = `process.on('SIGUSR2',()=>{
  console.trace('pool', {handlers: 0});
  process.emitWarning('careful');
  setTimeout(() => { throw new Error('over') });
})`;

describe('every line that auth-api writes is JSON', () => {
  it("also what libraries write to the console, Node's warnings, and the error that ends the process", async () => {
    const api = await launchAuthApi('doomed', {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(MISHAPS)}`,
    });
    const ended = new Promise<number | null>((resolve) => api.process.once('close', resolve));
    api.process.kill('SIGUSR2');
    expect(await ended).toBe(1);
    const lines = api
      .output()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const said = lines.map(({ level, msg, err }) => `${level}: ${err?.message ?? msg}`);
    expect(said).toEqual(
      expect.arrayContaining(['warn: pool { handlers: 0 }', 'warn: careful', 'fatal: over']),
    );
  });
});
