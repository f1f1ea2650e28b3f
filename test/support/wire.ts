import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { eventually } from './auth-api.js';
import type { Edge, EdgeAnswer, EdgeRequest } from './edge.js';
import { TEST_ID } from './upstream.js';

const PATIENCE_MS = 10_000;

export interface Upgraded extends EdgeAnswer {
  /** Sends text and resolves with as many bytes as come back. */
  echo(text: string): Promise<string>;
  close(): void;
}

/** Asks for a websocket at the first node. Without an upgrade the answer is as of any request. */
export function upgrade(
  edge: Edge,
  path: string,
  { token, apiKey, headers = [] }: EdgeRequest = {},
): Promise<Upgraded> {
  const id = randomUUID();
  const url = new URL(edge.nodes[0]!.url);
  const all = [
    ['Host', url.host],
    [TEST_ID, id],
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', Buffer.from(id.slice(0, 16)).toString('base64')],
    ...(token === undefined ? [] : [['Authorization', `Bearer ${token}`]]),
    ...(apiKey === undefined ? [] : [['X-API-Key', apiKey]]),
    ...headers,
  ].flat();
  return new Promise((resolve, reject) => {
    const request = httpRequest(url.origin + path, { headers: all, agent: false });
    const settle = (status: number, told: Record<string, unknown>, text: string, socket?: Duplex) => {
      const entries = Object.entries(told).map(([name, value]) => [name, String(value)]);
      resolve({
        status,
        headers: Object.fromEntries(entries),
        text,
        body: text.startsWith('{') ? JSON.parse(text) : undefined,
        seen: edge.upstream.find(id),
        echo: (words) => echoed(socket!, words),
        close: () => socket?.destroy(),
      });
    };
    request.on('error', reject);
    request.on('upgrade', (response, socket) => settle(101, response.headers, '', socket));
    request.on('response', (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => settle(response.statusCode ?? 0, response.headers, text));
    });
    request.end();
  });
}

async function echoed(socket: Duplex, words: string): Promise<string> {
  let text = '';
  const listen = (chunk: Buffer) => (text += chunk.toString());
  socket.on('data', listen);
  socket.write(words);
  await eventually(() => text.length >= words.length, `${words.length} bytes come back`, PATIENCE_MS);
  socket.off('data', listen);
  return text;
}

/** Sends bytes to the first node as they are; status and text of what comes back until the connection ends. */
export function sendRaw(edge: Edge, bytes: string): Promise<{ status: number; text: string }> {
  const { port, hostname } = new URL(edge.nodes[0]!.url);
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'));
    const done = () => {
      socket.destroy();
      resolve({ status: Number(/^HTTP\/1\.\d (\d+)/.exec(text)?.[1] ?? 0), text });
    };
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('close', done);
    socket.on('error', done);
    socket.setTimeout(PATIENCE_MS, done);
  });
}
