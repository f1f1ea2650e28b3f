import type { Logger } from 'pino';
import { ConfigurationError, type Parsed, parseSettings, type Settings } from '#config';
import { createLogger, logProcessOutput, startTracing } from '#telemetry';
import { type ServiceOptions, startService } from './service.js';

/** What an app's `main.ts` says of itself. */
export interface Program<S extends Settings> {
  readonly name: string;
  readonly settings: S;
  /** @throws {ConfigurationError} settings that do not go together */
  readonly service: (config: Parsed<S>, logger: Logger) => ServiceOptions;
}

interface Listening {
  readonly HOST: string;
  readonly PORT: number;
  readonly INTERNAL_PORT: number;
  readonly LOG_LEVEL: string;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
}

/** All that a `main.ts` does: reads the environment and starts the service, or says in one text why it can not. */
export async function runService<S extends Settings>(program: Program<S>): Promise<void> {
  const { name, settings, service } = program;
  try {
    const config = parseSettings(settings, process.env);
    const { HOST: host, PORT: port, INTERNAL_PORT: internalPort, ...rest } = config as Listening;
    const { LOG_LEVEL: level, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = rest;
    await startTracing({ service: name, endpoint });
    const logger = createLogger({ service: name, level });
    logProcessOutput(logger);
    await startService({ ...service(config, logger), host, port, internalPort });
  } catch (error) {
    process.stderr.write(`${name} cannot start: ${reasonOf(error)}\n`);
    process.exit(1);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.faults.map((fault) => `\n  ${fault}`).join('');
  const { code, port } = error as { code?: string; port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken; choose another by PORT or INTERNAL_PORT`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
