import { parseSettings } from '#config';
import { SETTINGS } from './settings.js';
import { start } from './start.js';

try {
  const { ports } = await start(parseSettings(SETTINGS, process.env));
  process.stdout.write(`${JSON.stringify(ports)}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
} catch (error) {
  process.stderr.write(`local-gateway: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
