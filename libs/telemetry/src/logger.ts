import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import { REDACTED_PATHS, scrub } from './redaction.js';
import { currentTraceId, isTracing } from './tracing/tracing.js';

export interface LoggerOptions {
  readonly service: string;
  readonly level: string;
}

/** A JSON logger to stdout that redacts by field name and, on the finished line, by shape. */
export function createLogger(
  { service, level }: LoggerOptions,
  destination: DestinationStream = pino.destination({ fd: 1, sync: false }),
): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
      hooks: { streamWrite: scrub },
      ...(isTracing() && { mixin: () => ({ trace_id: currentTraceId() }) }),
    },
    destination,
  );
}

/** Nest's own messages, in the same stream and shape as ours. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context }, String(message));
  }

  error(message: unknown, stack?: unknown, context?: unknown): void {
    this.logger.error({ context, stack }, String(message));
  }
}
