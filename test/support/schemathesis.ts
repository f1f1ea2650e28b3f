import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, installedPython } from './kept-tools.js';

const REQUIREMENTS = join(import.meta.dirname, 'schemathesis-requirements.txt');

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
  const python = await installedPython('schemathesis', REQUIREMENTS);
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
    const { code, output } = await ended(python, args, folder);
    return { code, output, ...countsOf(report, output) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
