import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { KongAdmin, type KongAdminOptions, KongNodes, readTls } from '#kong-admin';
import { Secret } from '#config';
import { eventually } from '../../support/auth-api.js';
import { startGateway } from './gateway.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
interface Node {
  readonly url: string;
  readonly requests: string[];
  readonly sockets: Set<unknown>;
  most: number;
}
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A node that answers as it is told: first with the first of these, and with the last from then on. */
async function nodeWith(...handlers: readonly Handler[]): Promise<Node> {
  return listen(createServer(), 'http', handlers);
}

async function listen(server: Server, scheme: string, handlers: readonly Handler[]): Promise<Node> {
  const node: Node = { url: '', requests: [], sockets: new Set(), most: 0 };
  servers.push(server);
  server.on(
    scheme === 'http' ? 'connection' : 'secureConnection',
    (socket: { on(e: string, f: () => void): void }) => {
      node.sockets.add(socket);
      node.most = Math.max(node.most, node.sockets.size);
      socket.on('close', () => node.sockets.delete(socket));
    },
  );
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    node.requests.push(`${request.method} ${request.url}`);
    request.resume();
    (handlers[node.requests.length - 1] ?? handlers.at(-1))?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(node, { url: `${scheme}://localhost:${(server.address() as AddressInfo).port}` });
}

const answer =
  (status: number, body: unknown = {}, headers: Record<string, string> = {}): Handler =>
  (_request, response) =>
    void response.writeHead(status, headers).end(JSON.stringify(body));
const hangUp: Handler = (request) => void request.socket.destroy();
const nothing: Handler = () => undefined;

const nodesFor = ({ url }: Node, more: Partial<KongAdminOptions> = {}) =>
  new KongNodes({ urls: [url], timeoutMs: 2000, tokenHeader: undefined, ...more });
const adminFor = (node: Node, more: Partial<KongAdminOptions> = {}) =>
  new KongAdmin(nodesFor(node, more), node.url);
const consumer = { kind: 'consumers', entity: { id: 'c1', tags: ['ours'] } } as const;

describe('asking a node', () => {
  it('asks again for what is safe to repeat: no connection, 5xx, and 429 not before Retry-After', async () => {
    const node = await nodeWith(hangUp, answer(503), answer(429, {}, { 'retry-after': '1' }), answer(200));
    const begun = Date.now();
    await adminFor(node).put(consumer, 'consumer ann');
    expect(node.requests).toEqual(Array.from({ length: 4 }, () => 'PUT /consumers/c1'));
    expect(Date.now() - begun).toBeGreaterThanOrEqual(1000);
  });

  it('gives up after some times, and says what it was about', async () => {
    const node = await nodeWith(answer(500));
    const asked = adminFor(node).remove('consumers', 'c1', 'consumer ann');
    await expect(asked).rejects.toThrow(
      `delete-consumers consumer ann: Kong at ${node.url}: it answered 500`,
    );
    expect(node.requests).toHaveLength(4);
  });

  it('asks once where somebody waits', async () => {
    const node = await nodeWith(answer(500));
    const failed = await nodesFor(node).tellAll({ operation: 'revoke-key', method: 'DELETE', path: '/x' });
    expect([...failed.keys()]).toEqual([node.url]);
    expect(node.requests).toHaveLength(1);
  });

  it('waits no longer than it may', async () => {
    const node = await nodeWith(nothing);
    const asked = nodesFor(node, { timeoutMs: 100 }).ask(node.url, {
      operation: 'x',
      method: 'GET',
      path: '/',
    });
    await expect(asked).rejects.toThrow('it does not answer');
  });

  it('waits no longer than it may for the rest of an answer, nor for a connection that others have', async () => {
    const trickle: Handler = (_request, response) => {
      const more = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(more));
    };
    const node = await nodeWith(trickle);
    const nodes = nodesFor(node);
    const ask = async (timeoutMs: number) => {
      const asked = nodes.ask(node.url, { operation: 'x', method: 'GET', path: '/', timeoutMs });
      return String(await asked.catch((error: Error) => error.cause));
    };
    const [patient, others] = await Promise.all([
      Promise.all(Array.from({ length: 32 }, () => ask(600))),
      Promise.all(Array.from({ length: 8 }, () => ask(200))),
    ]);
    expect(new Set(patient)).toEqual(new Set([expect.stringMatching(/^Error: no answer within \d+ ms$/)]));
    expect(new Set(others)).toEqual(new Set(['Error: no connection was free within 200 ms']));
    await eventually(() => node.sockets.size === 0, 'nothing of them is left open');
  });

  it('takes no half of an answer and no garbage for one, and asks no second time for it', async () => {
    const half: Handler = (request, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('{"a"');
      setImmediate(() => request.socket.destroy());
    };
    const garbage: Handler = (request) => void request.socket.end('what is this?\r\n\r\n');
    for (const strange of [half, garbage]) {
      const node = await nodeWith(answer(200), strange);
      const nodes = nodesFor(node);
      const ask = () => nodes.ask(node.url, { operation: 'x', method: 'POST', path: '/x', body: {} });
      await ask();
      await expect(ask()).rejects.toThrow('it does not answer');
      expect(node.requests).toHaveLength(2);
    }
  });

  it('goes straight to the node, whatever proxy the environment names', async () => {
    const proxy = await nodeWith(answer(200));
    const node = await nodeWith(answer(200));
    const before = { ...process.env };
    Object.assign(process.env, { HTTP_PROXY: proxy.url, http_proxy: proxy.url, NODE_USE_ENV_PROXY: '1' });
    try {
      await nodesFor(node).ask(node.url, { operation: 'x', method: 'GET', path: '/' });
    } finally {
      process.env = before;
    }
    expect([node.requests, proxy.requests]).toEqual([['GET /'], []]);
  });

  it('keeps connections, and opens only so many', async () => {
    const node = await nodeWith((_request, response) => void setTimeout(() => response.end('{}'), 5));
    const nodes = nodesFor(node);
    const ask = () => nodes.ask(node.url, { operation: 'x', method: 'GET', path: '/' });
    for (let time = 0; time < 3; time += 1) await ask();
    expect(node.most).toBe(1);
    await Promise.all(Array.from({ length: 200 }, ask));
    expect(node.requests).toHaveLength(203);
    expect(node.most).toBe(32);
  });

  it('is not stopped by a node that hung up on an idle connection, not even where it asks once', async () => {
    const node = await nodeWith(answer(200), hangUp, answer(200));
    const nodes = nodesFor(node);
    const push = () =>
      nodes.ask(node.url, { operation: 'refresh-key', method: 'POST', path: '/x', body: {} });
    await push();
    await push();
    expect(node.requests).toHaveLength(3);
  });

  it('tells a refusal with Kong’s code and fields, and without the secret that Kong quotes', async () => {
    const refusal = {
      code: 5,
      name: 'unique constraint violation',
      message: `{key="s/e"}`,
      fields: { key: 's/e' },
    };
    const escaped = JSON.stringify(refusal).replaceAll('/', String.raw`\/`);
    const node = await nodeWith((_request, response) => void response.writeHead(409).end(escaped));
    const item = { kind: 'key-auths', entity: { id: 'k1', key: 's/e' } } as const;
    const error: unknown = await adminFor(node)
      .put(item, 'key-auth credential k1 of consumer ann')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 409, code: 5, fields: { key: expect.stringMatching(/^sha256:/) } });
    expect(String(error)).toContain('put-key-auths key-auth credential k1 of consumer ann: 409 from Kong');
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('s/e');
    expect(node.requests).toHaveLength(1);
  });

  it('shows its token, and its certificate where one is asked for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    const files = makeCertificate(folder);
    const { cert, key } = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
    const options: ServerOptions = { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true };
    const seen: (string | string[] | undefined)[] = [];
    const node = await listen(createTlsServer(options), 'https', [
      (request, response) => {
        seen.push(request.headers['kong-admin-token']);
        response.end('{}');
      },
    ]);
    const tokenHeader = { name: 'Kong-Admin-Token', value: new Secret('a-token-of-the-admin') };
    const ca = { KONG_ADMIN_CA: files.cert };
    const ours = { KONG_ADMIN_CLIENT_CERT: files.cert, KONG_ADMIN_CLIENT_KEY: files.key };
    const request = { operation: 'x', method: 'GET', path: '/' } as const;
    const ask = (tls: object) => nodesFor(node, { tokenHeader, tls: readTls(tls) }).ask(node.url, request);
    await ask({ ...ca, ...ours });
    expect(seen).toEqual(['a-token-of-the-admin']);
    await expect(ask(ca)).rejects.toThrow('it does not answer');
    await expect(ask(ours)).rejects.toThrow('it does not answer');
  });

  it('names every file that is not there, and the one that is not named', () => {
    const named = { KONG_ADMIN_CA: '/nowhere/ca.pem', KONG_ADMIN_CLIENT_KEY: '/nowhere/key.pem' };
    expect(() => readTls(named)).toThrow(/CLIENT_KEY.*can not be read.*KONG_ADMIN_CA.*both or none/s);
    expect(readTls({})).toEqual({});
  });
});

function makeCertificate(folder: string) {
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const out = ['-keyout', files.key, '-out', files.cert, '-days', '1'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...name, ...out], {
    stdio: 'ignore',
  });
  return files;
}

describe('reading a node', () => {
  it('reads page after page, everything and only what has the tag', async () => {
    const kong = await startGateway('db');
    const node = { url: kong.adminUrl } as Node;
    try {
      const admin = adminFor(node, { timeoutMs: 10_000 });
      const id = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
      const put = (index: number) =>
        kong.admin(`PUT /consumers/${id(index)}`, { username: `u${index}`, tags: index % 2 ? ['odd'] : [] });
      for (let from = 0; from < 2010; from += 50)
        await Promise.all(Array.from({ length: Math.min(50, 2010 - from) }, (_, index) => put(from + index)));
      expect(await admin.list('consumers')).toHaveLength(2010);
      const odd = await admin.list('consumers', { tag: 'odd' });
      expect(new Set(odd.map((entity) => entity.id)).size).toBe(1005);
      expect(await admin.find('consumers', 'u7')).toMatchObject({ id: id(7) });
      expect(await admin.find('consumers', 'nobody')).toBeUndefined();
      expect(await admin.status()).toEqual({ mode: 'db', configurationHash: undefined });
    } finally {
      kong.close();
    }
  });
});
