import { endLeanStart } from './lean-start.js';
import { ConfigurationError, parseSettings } from '#config';
import { startService } from '#service';
import { createLogger, logProcessOutput } from '#telemetry';
import { SETTINGS } from './app.config.js';
import { SERVICE } from './app.module.js';
import { authApi } from './app.service.js';

try {
  const config = parseSettings(SETTINGS, process.env);
  const logger = createLogger({ service: SERVICE, level: config.LOG_LEVEL });
  logProcessOutput(logger);
  const { HOST: host, PORT: port, INTERNAL_PORT: internalPort } = config;
  await startService({ ...authApi(config, logger), host, port, internalPort });
  endLeanStart();
} catch (error) {
  process.stderr.write(`${SERVICE} cannot start: ${reasonOf(error)}\n`);
  process.exit(1);
}

function reasonOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.faults.map((fault) => `\n  ${fault}`).join('');
  const { code, port } = error as { code?: string; port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken; choose another by PORT or INTERNAL_PORT`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
