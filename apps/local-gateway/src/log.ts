import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on stderr: stdout holds the one line that says the ports. */
export function createLogger(level: string): Logger {
  return pino({ level, base: undefined }, pino.destination({ dest: 2, sync: true }));
}
