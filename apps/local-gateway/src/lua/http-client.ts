import http from 'node:http';
import https from 'node:https';
import { Bytes } from './values.js';
import { many } from './state.js';

interface Options {
  readonly method?: string;
  readonly path?: string;
  readonly query?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: string;
  readonly ssl_verify?: boolean;
  readonly keepalive?: boolean;
}

const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true }),
};
const ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused', ETIMEDOUT: 'timeout', ECONNRESET: 'closed', EPIPE: 'closed',
  ENOTFOUND: 'host not found', EAI_AGAIN: 'host not found',
}; // prettier-ignore

/** `request_uri` of lua-resty-http: the whole answer, or nil and why. */
export function requestUri(uri: string, options: Options, timeouts: readonly number[]): Promise<unknown> {
  return new Promise((resolve) => {
    const fail = (reason: string) => resolve(many(undefined, reason));
    if (!URL.canParse(uri)) return fail(`bad uri: ${uri}`);
    const url = new URL(uri);
    if (options.path) url.pathname = options.path;
    if (options.query)
      url.search =
        typeof options.query === 'string'
          ? options.query
          : new URLSearchParams(options.query as Record<string, string>).toString();
    const body = options.body === undefined ? undefined : Buffer.from(options.body, 'latin1');
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(url, {
      method: options.method ?? 'GET',
      headers: {
        ...(options.headers as Record<string, string>),
        ...(body ? { 'Content-Length': body.length } : {}),
      },
      agent: agents[url.protocol as 'http:'] ?? agents['http:'],
      rejectUnauthorized: options.ssl_verify !== false,
    });
    const [connect = 60_000, , read = 60_000] = timeouts;
    const timer = setTimeout(() => {
      fail('timeout');
      request.destroy();
    }, connect + read);
    request.setTimeout(Math.max(1, read), () => {
      fail('timeout');
      request.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      fail(ERRORS[error.code ?? ''] ?? error.message);
    });
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => fail('closed'));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode,
          reason: response.statusMessage,
          headers: headersOf(response),
          body: new Bytes(Buffer.concat(chunks)),
        });
      });
    });
    request.end(body);
  });
}

function headersOf(response: http.IncomingMessage): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((each) => new Bytes(each)) : new Bytes(value ?? ''),
    ]),
  );
}
