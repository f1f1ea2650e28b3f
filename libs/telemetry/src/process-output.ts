import { format } from 'node:util';
import type { Logger } from 'pino';

const LEVELS = {
  debug: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'warn',
  trace: 'warn',
} as const;

/**
 * From now on everything this process says is a JSON line: what libraries write to the console (graphile-worker does
 * when PostgreSQL goes away), Node's own warnings, and the error that ends it. Called once, by the program's main.
 */
export function logProcessOutput(logger: Logger): void {
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, 'debug' | 'info' | 'warn'][])
    // eslint-disable-next-line no-console -- replaced, not used
    console[method] = (...words: unknown[]) => logger[level]({ console: method }, format(...words));
  process.removeAllListeners('warning'); // Node's own, which prints
  process.on('warning', (warning) => logger.warn({ err: warning }, 'warning of Node'));
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'cannot go on');
    process.exit(1);
  });
}
