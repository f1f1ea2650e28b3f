// Whether the app of this container answers: `node docker/healthcheck.mjs [/readyz]`. The image has no curl.
import { get } from 'node:http';

const url = `http://127.0.0.1:${process.env.PORT}${process.argv[2] ?? '/healthz'}`;
get(url, { timeout: 4000 }, ({ statusCode }) => end(statusCode === 200 ? undefined : statusCode))
  .on('timeout', () => end('no answer'))
  .on('error', (error) => end(error.message));

function end(fault) {
  if (fault !== undefined) console.error(`${url}: ${fault}`);
  process.exit(fault === undefined ? 0 : 1);
}
