// The load generator, a process of its own: autocannon with the requests it is sent. Started by ./offer.mjs.
import { performance } from 'node:perf_hooks';
import autocannon from 'autocannon';

process.once(
  'message',
  async (/** @type {import('./offer.mjs').Load} */ { url, seconds, connections, steps }) => {
    const latencies = [];
    const statuses = {};
    const started = new WeakMap();
    let clients = 0;
    let startedAt = 0;
    const run = autocannon({
      url,
      duration: seconds,
      sampleInt: 100,
      connections: connections.length,
      setupClient: (client) => client.setRequests(connections[clients++]),
    });
    run.on('start', () => (startedAt = performance.now()));
    run.on('response', (client, status, _bytes, milliseconds) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      const { step, spent } = started.get(client) ?? { step: 1, spent: 0 };
      const done = step === steps;
      if (done) latencies.push(spent + milliseconds);
      started.set(client, done ? undefined : { step: step + 1, spent: spent + milliseconds });
    });
    const { errors, timeouts } = await run;
    const took = (performance.now() - startedAt) / 1000;
    process.send({ latencies: Float64Array.from(latencies), statuses, took, failed: errors + timeouts }, () =>
      process.exit(0),
    );
  },
);
