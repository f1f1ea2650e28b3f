import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { Secret } from '#config';
import type { Principal } from '#principal';
import { ServiceClient, ServiceUnreachable } from './service-client.js';

const anne: Principal = {
  kind: 'user',
  id: 'anne',
  username: 'anne',
  email: undefined,
  emailVerified: false,
  roles: [],
  scopes: ['llm'],
  via: { method: 'jwt', gateway: true, credentialId: 'one', issuedAt: 0, authorizedParty: undefined },
};
const call = { principal: anne, requestId: 'request-1' };

let server: Server;
let client: ServiceClient;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const seen: IncomingMessage[] = [];

beforeEach(async () => {
  seen.length = 0;
  server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  client = new ServiceClient({ name: 'llm-api', url, identityKey: new Secret('A'.repeat(43)) });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('a call of another service', () => {
  it('says in whose name, by a proof for that service, and of which request it is a part', async () => {
    answer = (_request, response) => response.end('{}');
    await client.call('/v1/models', { ...call, headers: { accept: 'application/json' } });
    const { url, method, headers } = seen[0] as IncomingMessage;
    expect({ url, method }).toEqual({ url: '/v1/models', method: 'GET' });
    expect(headers).toMatchObject({ 'x-request-id': 'request-1', accept: 'application/json' });
    expect(headers).not.toHaveProperty('authorization');
    expect(decodeJwt(String(headers['x-gateway-identity']))).toMatchObject({ sub: 'anne', aud: 'llm-api' });
  });

  it('gives the answer as it is, whatever its status', async () => {
    answer = (_request, response) => response.writeHead(418).end('short and stout');
    const response = await client.call('/teapot', { ...call, method: 'POST', body: { tea: true } });
    expect([response.status, await response.text()]).toEqual([418, 'short and stout']);
    expect(seen[0]?.headers['content-type']).toBe('application/json');
  });

  it.each([
    ['cuts the connection', () => (_: IncomingMessage, response: ServerResponse) => void response.destroy()],
    ['says nothing in time', () => () => undefined],
    [
      'sends somewhere else',
      () => (_: IncomingMessage, response: ServerResponse) =>
        void response.writeHead(302, { location: 'http://elsewhere.invalid' }).end(),
    ],
  ])('that %s is a 503 which names it, without its address', async (_name, behaviour) => {
    answer = behaviour();
    const failure = await client.call('/', { ...call, timeoutMs: 100 }).catch((error: unknown) => error);
    expect(ServiceUnreachable.is(failure)).toBe(true);
    expect(failure).toMatchObject({ status: 503, extensions: { service: 'llm-api' } });
    expect(JSON.stringify((failure as { body(): unknown }).body())).not.toContain('127.0.0.1');
  });

  it('ends when its caller has gone', async () => {
    const gone = new AbortController();
    const closed = new Promise<void>((resolve) => {
      answer = (request) => {
        request.socket.once('close', () => resolve());
        gone.abort(new Error('the client has gone'));
      };
    });
    await expect(client.call('/', { ...call, signal: gone.signal })).rejects.toThrow('the client has gone');
    await closed;
  });
});
