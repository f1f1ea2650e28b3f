import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const REQUIREMENTS = join(import.meta.dirname, 'schemathesis-requirements.txt');
const INSTALL_MS = 300_000;

export interface SchemathesisRun {
  readonly url: string;
  /** Sent with every request but those of `overrides`. */
  readonly token: string | undefined;
  /** Another bearer token for one path. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly checks: readonly string[];
  readonly examples: number;
}

export interface SchemathesisResult {
  readonly code: number | null;
  readonly output: string;
  /** Operations of the document that were tested. */
  readonly operations: number;
  readonly cases: number;
}

/** Runs schemathesis on /openapi.json, with the same cases each time. */
export async function runSchemathesis(run: SchemathesisRun): Promise<SchemathesisResult> {
  const python = await installedPython();
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-schemathesis-'));
  try {
    const config = join(folder, 'schemathesis.toml');
    const report = join(folder, 'report.json');
    writeFileSync(config, configuration(run), { mode: 0o600 });
    const args = [
      ...['-m', 'schemathesis.cli', '--config-file', config, 'run', `${run.url}/openapi.json`],
      ...['--url', run.url, '--checks', run.checks.join(), '--phases', 'coverage,fuzzing,stateful'],
      ...['--max-examples', String(run.examples), '--seed', '1', '--generation-deterministic'],
      ...['--continue-on-failure', '--warnings', 'off', '--no-color'],
      ...['--report', 'json', '--report-json-path', report],
    ];
    const { code, output } = await finished(python, args, folder);
    return { code, output, ...countsOf(report, output) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The Python of a virtual environment with schemathesis, made once and kept outside the checkout. It is made beside its
 * place and moved there whole, so that a broken installation is not kept and two at once do not mix.
 *
 * @throws {Error} there is no python3 with venv, or PyPI cannot be reached
 */
async function installedPython(): Promise<string> {
  const version = /^schemathesis==(.+)$/m.exec(readFileSync(REQUIREMENTS, 'utf8'))?.[1];
  const cache = process.env['GATEHOUSE_CACHE'] ?? join(homedir(), '.cache/gatehouse');
  const place = join(cache, `schemathesis-${version}`);
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
      REQUIREMENTS,
    ];
    await expectDone(join(making, 'bin/python'), pip, 'is PyPI reachable?');
    renameSync(making, place);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(python)) throw error;
  }
  return python;
}

function configuration({ token, overrides }: SchemathesisRun): string {
  const header = (bearer: string): string => `headers = { Authorization = "Bearer ${bearer}" }`;
  return [
    ...(token === undefined ? [] : [header(token)]),
    ...Object.entries(overrides).map(
      ([path, bearer]) => `[[operations]]\ninclude-path = "${path}"\n${header(bearer)}`,
    ),
  ].join('\n');
}

function countsOf(report: string, output: string): { operations: number; cases: number } {
  if (!existsSync(report)) throw new Error(`schemathesis wrote no report:\n${output.slice(-3000)}`);
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1]);
  return { operations: number(/^\s*Tested: (\d+)/m), cases: number(/^\s*(\d+) generated/m) };
}

async function expectDone(file: string, args: readonly string[], advice: string): Promise<void> {
  const { code, output } = await finished(file, args, tmpdir());
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code} (${advice}):\n${output}`);
}

function finished(
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
