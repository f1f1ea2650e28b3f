import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const INSTALL_MS = 540_000;

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/**
 * The Python of a virtual environment with what a requirements file pins, kept under the version of `name` in it.
 *
 * @throws {Error} there is no python3 with venv, or PyPI cannot be reached
 */
export async function installedPython(name: string, requirements: string): Promise<string> {
  const version = new RegExp(`^${name}==(\\S+)`, 'm').exec(readFileSync(requirements, 'utf8'))?.[1];
  const place = await kept(`${name}-${version}`, async (making) => {
    await expectDone('python3', ['-m', 'venv', making], 'Debian: apt-get install python3-venv');
    const quiet = ['--quiet', '--disable-pip-version-check'];
    const pip = ['-m', 'pip', 'install', ...quiet, '--requirement', requirements];
    await expectDone(join(making, 'bin/python'), pip, 'is PyPI reachable?');
  });
  return join(place, 'bin/python');
}

/**
 * A Go program of ours, built of this folder; go.sum says what its modules must be. Built again when a source differs.
 *
 * @throws {Error} there is no Go that go.mod is content with, or the module proxy cannot be reached
 */
export async function builtGo(name: string, folder: string): Promise<string> {
  const sources = readdirSync(folder).sort();
  const hash = createHash('sha256');
  for (const source of sources) hash.update(`${source}\n`).update(readFileSync(join(folder, source)));
  const place = await kept(`${name}-${hash.digest('hex').slice(0, 16)}`, async (making) => {
    const build = ['build', '-mod=readonly', '-o', join(making, name), '.'];
    const version = /^go (\S+)/m.exec(readFileSync(join(folder, 'go.mod'), 'utf8'))?.[1];
    await expectDone('go', build, `it needs Go ${version} and the module proxy`, folder);
  });
  return join(place, name);
}

/**
 * A folder of the cache, made once and kept outside the checkout. It is made beside its place and moved there whole, so
 * that a broken installation is not kept and two at once do not mix.
 */
async function kept(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const cache = process.env['GATEHOUSE_CACHE'] ?? join(homedir(), '.cache/gatehouse');
  const place = join(cache, name);
  if (existsSync(place)) return place;
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(`${place}.`);
  try {
    await make(making);
    renameSync(making, place);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(place)) throw error;
  }
  return place;
}

async function expectDone(
  file: string,
  args: readonly string[],
  advice: string,
  cwd = tmpdir(),
): Promise<void> {
  const { code, output } = await ended(file, args, cwd);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code} (${advice}):\n${output}`);
}

/** Runs a program to its end; `output` is all that it says. @throws {Error} there is no such program */
export function ended(file: string, args: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_MS });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}
