// The peer of `npm run bench:kong-sync`: decK's engine, in a small Go program.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('peers/gdr', import.meta.url));

/** Builds it, outside of the checkout. @returns {{ program?: string, why?: string }} why there is none */
export function buildPeer() {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gatehouse', 'bench');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'gdr');
  const { error, status, stderr } = spawnSync('go', ['build', '-o', program, '.'], {
    cwd: SOURCE,
    encoding: 'utf8',
  });
  if (error) return { why: `there is no Go here (${error.code})` };
  return status === 0 ? { program } : { why: `it does not build: ${stderr.trim().split('\n').at(-1)}` };
}
