import { describe, expect, it } from '@jest/globals';
import { eventually, startAuthApi } from '../../support/auth-api.js';
import { Collector } from '../../support/collector.js';

/** When asked, the process says which CommonJS modules it has loaded; OpenTelemetry is made of those. */
const CONFESS = `import { createRequire } from 'node:module';
process.on('SIGUSR2', () => process.stderr.write(
  'loaded ' + JSON.stringify(Object.keys(createRequire('/').cache)) + '\\n'))`;

/** Files of OpenTelemetry that a process loaded, but for its API, which prom-client brings. */
async function loadedBy(purpose: string, environment: Readonly<Record<string, string>>): Promise<string[]> {
  const api = await startAuthApi(purpose, {
    ...environment,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(CONFESS)}`,
  });
  expect((await fetch(`${api.url}/openapi.json`)).status).toBe(200);
  api.process.kill('SIGUSR2');
  const told = () => /^loaded (.+)$/m.exec(api.output())?.[1];
  await eventually(() => told() !== undefined, 'the process says what it has loaded');
  await api.stop();
  const files = JSON.parse(told() ?? '') as string[];
  expect(files.some((file) => file.includes('/prom-client/'))).toBe(true);
  return files.filter((file) => /\/@opentelemetry\/(?!api\/)/.test(file));
}

describe('tracing', () => {
  it('loads nothing of OpenTelemetry as long as no collector is named', async () => {
    expect(await loadedBy('untraced', {})).toEqual([]);
  });

  it('loads it where one is, which goes on to work when the collector is away', async () => {
    const collector = await Collector.start();
    const { url } = collector;
    await collector.stop();
    expect((await loadedBy('traced', { OTEL_EXPORTER_OTLP_ENDPOINT: url })).length).toBeGreaterThan(10);
  });
});
