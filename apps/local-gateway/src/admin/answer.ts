import type { ServerResponse } from 'node:http';
import { VERSION } from '../version.js';

/** What the Admin API answers with. `body` undefined: none. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const NOT_FOUND: Answer = { status: 404, body: { message: 'Not found' } };
export const NOT_ALLOWED: Answer = { status: 405, body: { message: 'Method not allowed' } };

export function send(response: ServerResponse, answer: Answer, since: number, isHead: boolean): void {
  if (response.headersSent) return;
  const text = typeof answer.body === 'string';
  const payload =
    answer.body === undefined ? undefined : text ? String(answer.body) : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    ...(payload === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Credentials': 'true',
    ...answer.headers,
    ...(payload === undefined && answer.status !== 200
      ? {}
      : { 'Content-Length': Buffer.byteLength(payload ?? '') }),
    'X-Kong-Admin-Latency': String(Date.now() - since),
    Server: `kong/${VERSION}`,
  });
  response.end(isHead ? undefined : payload);
}
