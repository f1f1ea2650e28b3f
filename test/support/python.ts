import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const INSTALL_MS = 300_000;

/**
 * The Python of a virtual environment with a program and all it needs, made once and kept outside the checkout. It is made
 * beside its place and moved there whole, so that a broken installation is not kept and two at once do not mix.
 *
 * @param requirements file that names every package with its version
 * @throws {Error} there is no python3 with venv, or PyPI cannot be reached
 */
export async function pythonWith(program: string, requirements: string): Promise<string> {
  const version = new RegExp(`^${program}==(.+)$`, 'm').exec(readFileSync(requirements, 'utf8'))?.[1];
  const cache = process.env['GATEHOUSE_CACHE'] ?? join(homedir(), '.cache/gatehouse');
  const place = join(cache, `${program}-${version}`);
  const python = join(place, 'bin/python');
  if (existsSync(python)) return python;
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(`${place}.`);
  try {
    await expectDone('python3', ['-m', 'venv', making], 'Debian: apt-get install python3-venv');
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--requirement',
      requirements,
    ];
    await expectDone(join(making, 'bin/python'), pip, 'is PyPI reachable?');
    renameSync(making, place);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(python)) throw error;
  }
  return python;
}

async function expectDone(file: string, args: readonly string[], advice: string): Promise<void> {
  const { code, output } = await runToEnd(file, args, tmpdir());
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code} (${advice}):\n${output}`);
}

/** Runs a program; what it wrote to both outputs, and its exit code. */
export function runToEnd(
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(file, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_MS });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
