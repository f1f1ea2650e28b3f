import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startGateway, type TestGateway, until } from './gateway.js';

let gateway: TestGateway;
let upstream: Server;
let handle: (request: IncomingMessage, response: ServerResponse) => void;

beforeAll(async () => {
  upstream = createServer({ maxHeaderSize: 65_536 }, (incoming, response) => handle(incoming, response));
  upstream.on('upgrade', (incoming, socket) => {
    const key = `${incoming.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Path: ${incoming.url}\r\n\r\n`,
    );
    socket.on('data', (chunk) => socket.write(`echo ${chunk.toString()}`));
    socket.on('end', () => socket.end());
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  gateway = await startGateway();
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  await gateway.admin('POST /services', { name: 'echo', url, read_timeout: 300 });
  await gateway.admin('POST /services/echo/routes', { name: 'open', paths: ['/open'] });
  await gateway.admin('POST /services/echo/routes', { name: 'keyed', paths: ['/keyed'] });
  await gateway.admin('POST /routes/keyed/plugins', { name: 'key-auth' });
  await gateway.admin('POST /consumers', { username: 'one' });
  await gateway.admin('POST /consumers/one/key-auth', { key: 'the-key' });
});
afterAll(() => {
  gateway.close();
  upstream.close();
  upstream.closeAllConnections();
});
beforeEach(() => {
  handle = (incoming, response) => {
    incoming.resume();
    response.end('fine');
  };
});

const port = () => Number(new URL(gateway.proxyUrl).port);

/** Sends bytes as they are; the answer up to the end of the connection, or until `enough` of it came. */
function raw(bytes: string, enough: (text: string) => boolean = () => false): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port(), '127.0.0.1', () => socket.write(bytes, 'latin1'));
    const done = () => {
      socket.destroy();
      resolve(text);
    };
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (enough(text)) done();
    });
    socket.on('close', done);
    socket.on('error', done);
    socket.setTimeout(3000, done);
  });
}

describe('bodies', () => {
  it('reach the client as they are written: an event is there before the next is sent', async () => {
    let next: () => void = () => undefined;
    handle = (_incoming, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
      next = () => response.end('data: 2\n\n');
    };
    let text = '';
    await new Promise<void>((done) => {
      request(`${gateway.proxyUrl}/open`, (response) => {
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text === 'data: 1\n\n') next();
        });
        response.on('end', done);
      }).end();
    });
    expect(text).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('reach the upstream as they are written', async () => {
    const parts: string[] = [];
    handle = (incoming, response) => {
      incoming.on('data', (chunk: Buffer) => parts.push(chunk.toString()));
      incoming.on('end', () => response.end(parts.join('|')));
    };
    const sent = request(`${gateway.proxyUrl}/open`, { method: 'POST' });
    const answered = new Promise<string>((done) =>
      sent.on('response', (response) => response.on('data', (chunk: Buffer) => done(chunk.toString()))),
    );
    sent.write('one');
    await until(() => parts.length === 1);
    sent.end('two');
    expect(await answered).toBe('one|two');
  });

  it('are not read before the upstream is asked for: 100 Continue comes after authentication', async () => {
    const head = (key: string) =>
      `POST /keyed HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n${key}Connection: close\r\n\r\n`;
    expect(await raw(head(''))).toMatch(/^HTTP\/1.1 401/);
    expect(await raw(head('apikey: the-key\r\n'), (text) => text.includes('100 Continue'))).toMatch(
      /^HTTP\/1.1 100 Continue/,
    );
  });

  it('of a HEAD are left out, its headers are not', async () => {
    handle = (_incoming, response) => response.writeHead(200, { 'content-length': '4' }).end();
    const { status, headers, text } = await gateway.proxy('HEAD /open');
    expect([status, headers['content-length'], text]).toEqual([200, '4', '']);
    expect((await gateway.proxy('HEAD /nowhere')).status).toBe(404);
  });
});

describe('whoever goes away', () => {
  it('takes the request to the upstream along', async () => {
    let isGone = false;
    let hasCome = false;
    handle = (incoming, response) => {
      hasCome = true;
      response.on('close', () => (isGone = true));
      response.writeHead(200).write('start');
      incoming.resume();
    };
    const sent = request(`${gateway.proxyUrl}/open`, (response) =>
      response.on('error', () => undefined).resume(),
    );
    sent.on('error', () => undefined).end();
    await until(() => hasCome);
    sent.destroy();
    await until(() => isGone);
  });

  it('as upstream, before it answered, is a 502; too late is a 504', async () => {
    handle = (incoming) => incoming.socket.destroy();
    expect((await gateway.proxy('POST /open', 'x')).status).toBe(502);
    handle = (incoming) => incoming.resume();
    const late = await gateway.proxy('GET /open', undefined, { accept: 'application/json' });
    expect([late.status, late.json.message]).toEqual([504, 'The upstream server is timing out']);
  });
});

describe('a websocket', () => {
  const hello = (path: string, more = '') =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;

  it('is joined to the upstream after authentication', async () => {
    const text = await new Promise<string>((done) => {
      let seen = '';
      const socket = connect(port(), '127.0.0.1', () =>
        socket.write(hello('/keyed/chat', 'apikey: the-key\r\n')),
      );
      socket.on('data', (chunk) => {
        seen += chunk.toString();
        if (seen.includes('echo')) socket.destroy();
        else if (seen.includes('\r\n\r\n')) socket.write('ping');
      });
      socket.on('close', () => done(seen));
    });
    expect(text).toMatch(/^HTTP\/1.1 101 [^]*x-path: \/chat[^]*echo ping$/i);
    expect(text).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  });

  it('is refused without a key, and the connection ends', async () => {
    expect(await raw(hello('/keyed/chat'))).toMatch(/^HTTP\/1.1 401 [^]*No API key found in request/);
  });
});

describe('requests that are none', () => {
  it.each([
    ['noise', 'hello there\r\n\r\n', 400],
    ['a header without a colon', 'GET /open HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n', 400],
    ['no Host', 'GET /open HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    [
      'a header of 9 kB',
      `GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Long: ${'x'.repeat(9000)}\r\n\r\n`,
      400,
    ],
    [
      '40 kB of headers',
      `GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${`X-Long: ${'x'.repeat(8000)}\r\n`.repeat(5)}\r\n`,
      400,
    ],
    ['a path of 9 kB', `GET /open/${'x'.repeat(9000)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, 414],
    ['two lengths', 'POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 400],
  ])('are refused (%s), and the next one is served', async (_what, bytes, status) => {
    expect(await raw(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await gateway.proxy('GET /open')).text).toBe('fine');
  });

  it('do not include a header of 8,000 bytes', async () => {
    expect((await gateway.proxy('GET /open', undefined, { 'x-long': 'x'.repeat(8000) })).status).toBe(200);
  });
});

describe('headers', () => {
  it('of one connection stay behind, underscores travel, the gateway says who asked', async () => {
    let seen: IncomingMessage | undefined;
    handle = (incoming, response) => {
      seen = incoming;
      response.setHeader('Keep-Alive', 'timeout=1');
      response.end();
    };
    const answer = await gateway.proxy('GET /open?a=%20b', undefined, {
      connection: 'close, x-mine', 'x-mine': '1', proxy: 'evil', 'proxy-connection': 'x', te: 'gzip', X_Under_Score: 'yes', 'x-forwarded-for': '9.9.9.9',
    }); // prettier-ignore
    expect(seen?.url).toBe('/?a=%20b');
    expect(seen?.headers).toMatchObject({
      x_under_score: 'yes',
      'x-forwarded-for': '9.9.9.9, 127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    for (const name of ['x-mine', 'proxy', 'proxy-connection', 'te'])
      expect(seen?.headers).not.toHaveProperty(name);
    expect(answer.headers).toMatchObject({
      via: '1.1 kong/3.9.3',
      'x-kong-proxy-latency': expect.any(String),
      'x-kong-upstream-latency': expect.any(String),
    });
    expect(answer.headers['x-kong-request-id']).toBe(seen?.headers['x-kong-request-id']);
  });
});
