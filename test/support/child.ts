import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = process.cwd();
/** Output of every process of a test run; a last check reads it all for secrets. */
export const LOG_FOLDER = join(ROOT, 'test-results/logs');

export interface RunningApp {
  readonly process: ChildProcess;
  /** What the pattern for readiness matched. */
  readonly ready: RegExpExecArray;
  /** Everything it wrote so far. */
  readonly output: () => string;
  /** Resolves when it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/**
 * Starts a compiled app as a process of its own; resolves with its first line that matches `ready`.
 *
 * @throws {Error} it is not built, or ended before that line, with the end of what it wrote
 */
export async function startApp(
  app: string,
  purpose: string,
  environment: NodeJS.ProcessEnv,
  ready: RegExp,
): Promise<RunningApp> {
  const main = join(ROOT, `dist/apps/${app}/src/main.js`);
  if (!existsSync(main)) throw new Error('dist is missing: npm run build');
  const env = { PATH: process.env['PATH'], ...environment };
  const child = spawn(process.execPath, [main], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env });
  let output = '';
  mkdirSync(LOG_FOLDER, { recursive: true });
  const log = createWriteStream(join(LOG_FOLDER, `${purpose.replace(/\W+/g, '-')}-${child.pid}.log`));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const match = await new Promise<RegExpExecArray>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        output += `${line}\n`;
        log.write(`${line}\n`);
        const found = ready.exec(line);
        if (found) resolve(found);
      });
    child.once('exit', (code) => reject(new Error(`${app} ended with ${code}:\n${output.slice(-2000)}`)));
  });
  return {
    process: child,
    ready: match,
    output: () => output,
    async end(signal) {
      child.kill(signal);
      await gone;
      log.end();
    },
  };
}
