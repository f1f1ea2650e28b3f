import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startGateway, type TestGateway } from './gateway.js';

let gateway: TestGateway;
let upstream: Server;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    response.end(JSON.stringify({ path: request.url, headers: request.headers }));
  });
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  gateway = await startGateway();
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  await gateway.admin('POST /services', { name: 'echo', url });
  await gateway.admin('POST /services/echo/routes', { name: 'one', paths: ['/one'] });
  await gateway.admin('POST /consumers', { username: 'ann', custom_id: 'é' });
  await gateway.admin('POST /consumers/ann/key-auth', { key: 'ann' });
  await gateway.admin('POST /plugins', { name: 'key-auth' });
});
afterAll(() => {
  gateway.close();
  upstream.close();
});

/** From the weakest to the strongest. */
const SCOPES = [
  {}, { service: { name: 'echo' } }, { route: { name: 'one' } }, { consumer: { username: 'ann' } },
  { route: { name: 'one' }, service: { name: 'echo' } }, { service: { name: 'echo' }, consumer: { username: 'ann' } },
  { route: { name: 'one' }, consumer: { username: 'ann' } },
  { route: { name: 'one' }, service: { name: 'echo' }, consumer: { username: 'ann' } },
]; // prettier-ignore

describe('of several instances of a plugin', () => {
  it('the one that names most applies, the consumer being the one who was just authenticated', async () => {
    const minutes: string[] = [];
    for (const [at, scope] of SCOPES.entries()) {
      await gateway.admin('POST /plugins', {
        name: 'rate-limiting',
        config: { minute: 100 + at, policy: 'local' },
        ...scope,
      });
      const { headers } = await gateway.proxy('GET /one', undefined, { apikey: 'ann' });
      minutes.push(String(headers['x-ratelimit-limit-minute']));
    }
    expect(minutes).toEqual(SCOPES.map((_, at) => String(100 + at)));
  });

  it('one that is switched off does not apply, the next does', async () => {
    const { json } = await gateway.admin('GET /plugins?size=1000');
    const strongest = (json.data as { id: string; config: { minute?: number } }[]).find(
      ({ config }) => config.minute === 107,
    );
    await gateway.admin(`PATCH /plugins/${strongest?.id}`, { enabled: false });
    const { headers } = await gateway.proxy('GET /one', undefined, { apikey: 'ann' });
    expect(headers['x-ratelimit-limit-minute']).toBe('106');
  });
});

describe('client credentials', () => {
  it('buy a token that opens the route, and the other grants say that they are not done', async () => {
    await gateway.admin('POST /services/echo/routes', { name: 'two', paths: ['/two'] });
    await gateway.admin('POST /routes/two/plugins', { name: 'key-auth', enabled: false });
    const open = {
      enable_client_credentials: true,
      enable_implicit_grant: true,
      accept_http_if_already_terminated: true,
    };
    await gateway.admin('POST /routes/two/plugins', {
      name: 'oauth2',
      config: { ...open, scopes: ['read'], anonymous: 'ann' },
    });
    await gateway.admin('POST /consumers/ann/oauth2', {
      name: 'app',
      client_id: 'id',
      client_secret: 'secret',
    });
    const { json: plugins } = await gateway.admin('GET /plugins?size=1000');
    for (const { id, name, route } of plugins.data as { id: string; name: string; route: unknown }[])
      if (name === 'key-auth' && !route) await gateway.admin(`DELETE /plugins/${id}`);
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'x-forwarded-proto': 'https' };
    const ask = (body: string) => gateway.proxy('POST /two/oauth2/token', body, form);
    expect((await ask('grant_type=client_credentials&client_id=id&client_secret=no')).json.error).toBe(
      'invalid_client',
    );
    const { status, json } = await ask(
      'grant_type=client_credentials&client_id=id&client_secret=secret&scope=read',
    );
    expect([status, json.token_type, json.expires_in]).toEqual([200, 'bearer', 7200]);
    const answer = await gateway.proxy('GET /two', undefined, {
      authorization: `Bearer ${json.access_token}`,
    });
    expect(answer.json.headers).toMatchObject({
      'x-consumer-username': 'ann',
      'x-authenticated-scope': 'read',
      'x-credential-identifier': 'id',
    });
    expect((await gateway.proxy('POST /two/oauth2/authorize', '', form)).status).toBe(501);
  });
});
