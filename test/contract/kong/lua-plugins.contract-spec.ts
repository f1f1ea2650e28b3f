import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FIXTURES, startGateway, type TestGateway, until } from './gateway.js';

let gateway: TestGateway;
let upstream: Server;
let url: string;
let asked = 0;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    asked += request.url === '/answer' ? 1 : 0;
    response.setHeader('content-type', 'application/json');
    setTimeout(() => response.end(JSON.stringify({ headers: request.rawHeaders })), 30);
  });
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  process.env['PROBE_SECRET'] = 'from the environment';
  gateway = await startGateway('db', FIXTURES);
  await gateway.admin('POST /services', { name: 'echo', url });
  await gateway.admin('POST /services/echo/routes', { name: 'all', paths: ['/'], strip_path: false });
  await gateway.admin('POST /consumers', { username: 'tier' });
  await gateway.admin('POST /plugins', {
    name: 'probe',
    config: { url: `${url}/answer`, secret: '{vault://env/probe-secret}' },
  });
});
afterAll(() => {
  gateway.close();
  upstream.close();
});

const probe = (what: string, headers: Record<string, string> = {}) =>
  gateway.proxy('GET /', undefined, { 'x-probe': what, ...headers });

describe('a schema in Lua', () => {
  it('fills in its defaults, and shows a reference instead of the secret', async () => {
    const { json } = await gateway.admin('GET /plugins');
    expect(json.data[0].config).toEqual({
      url: `${url}/answer`,
      ttl: 60,
      secret: '{vault://env/probe-secret}',
      names: [],
      nested: { depth: 3 },
      even: null,
    });
  });

  it('refuses what its own check refuses', async () => {
    const { status, json } = await gateway.admin('POST /schemas/plugins/validate', {
      name: 'probe',
      config: { url, even: 3 },
    });
    expect([status, json.fields]).toEqual([400, { config: { even: 'not even' } }]);
  });

  it('knows the definitions of types', async () => {
    const { json } = await gateway.admin('POST /schemas/plugins/validate', {
      name: 'probe',
      config: { url: 'nowhere' },
    });
    expect(json.message).toBe('schema violation (config.url: missing host in url)');
  });
});

describe('a handler in Lua', () => {
  it('calls out once for a hundred requests at a time, and then keeps the answer', async () => {
    const before = asked;
    const answers = await Promise.all(Array.from({ length: 100 }, () => probe('cached')));
    expect(asked - before).toBe(1);
    expect(answers.map(({ json }) => json.value.type)).toEqual(Array(100).fill('application/json'));
    expect((await probe('cached')).json.level).toBe(1);
  });

  it('asks again after DELETE /cache/{key}, which GET shows before', async () => {
    const key = encodeURIComponent(`probe:${url}/answer`);
    await probe('cached');
    expect((await gateway.admin(`GET /cache/${key}`)).json.type).toBe('application/json');
    expect((await gateway.admin(`DELETE /cache/${key}`)).status).toBe(204);
    expect((await gateway.admin(`GET /cache/${key}`)).status).toBe(404);
    expect((await probe('cached')).json.level).toBe(3);
  });

  it('is told that nobody answers', async () => {
    expect((await probe('down')).json).toEqual({ err: 'connection refused' });
  });

  it('may wait inside pcall', async () => {
    expect((await probe('sleep')).json).toEqual({ ok: true });
  });

  it('counts as LuaJIT does', async () => {
    expect((await probe('numbers')).json).toEqual({
      big: true, text: '3,600,3', format: '1000000000000 002.5 ff x', crc: 3421780262, bits: 240,
    }); // prettier-ignore
  });

  it('handles bytes, JSON and expressions', async () => {
    expect((await probe('texts')).json).toEqual({
      sha: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      url: Buffer.concat([Buffer.from([0, 255]), Buffer.from('é')]).toString('base64url'),
      same: true,
      json: expect.stringContaining('"list":[]'),
      bad: true,
      round: true,
      find: 'abc',
      sub: 'a+b+c',
      mac: 32,
    });
  });

  it('verifies with a JWK', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signature = createSign('RSA-SHA256').update('data').sign(privateKey).toString('base64url');
    const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }));
    const { json } = await probe('key', { 'x-jwk': jwk, 'x-signature': signature });
    expect(json).toEqual({ good: true, bad: false, conf: 3 });
  });

  it('keeps the last used, as the same tables', async () => {
    expect((await probe('lru')).json).toEqual({ a: 1, b: true, same: true, count: 2 });
  });

  it('shares a dictionary', async () => {
    expect((await probe('dict')).json).toEqual([1, 3, false, true]);
  });

  it('sees every header in its spelling, and clears each', async () => {
    const answer = await probe('headers', { X_User_Id: 'spoof', 'x-user_id': 'spoof', 'X-USER-ID': 'spoof' });
    expect(answer.headers['x-seen']).toBe('X-USER-ID,X_User_Id,x-user_id');
    const seen = (answer.json.headers as string[]).filter(
      (_, at, all) => at % 2 === 0 && /^x[-_]user/i.test(all[at] ?? ''),
    );
    expect(seen).toEqual(['X-User-ID']);
  });

  it('authenticates a consumer of its choice, whose limits then apply to each credential apart', async () => {
    await gateway.admin('POST /plugins', {
      name: 'rate-limiting', consumer: { username: 'tier' }, config: { minute: 1, policy: 'local', limit_by: 'credential' },
    }); // prettier-ignore
    const first = await probe('tier', { 'x-who': 'ann' });
    expect([first.status, first.headers['x-who'], first.headers['ratelimit-limit']]).toEqual([
      200,
      'kc:ann',
      '1',
    ]);
    expect((await probe('tier', { 'x-who': 'ann' })).status).toBe(429);
    expect((await probe('tier', { 'x-who': 'ben' })).status).toBe(200);
  });

  it("is told which token Kong's own jwt has verified, and that it has verified none", async () => {
    await gateway.admin('POST /services/echo/routes', { name: 'signed', paths: ['/signed'] });
    await gateway.admin('POST /consumers', { username: 'issuer' });
    await gateway.admin('POST /consumers/issuer/jwt', { key: 'k', secret: 's', algorithm: 'HS256' });
    await gateway.admin('POST /routes/signed/plugins', { name: 'jwt', config: { anonymous: 'tier' } });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ iss: 'k' })}`;
    const token = `${signed}.${createHmac('sha256', 's').update(signed).digest('base64url')}`;
    for (const [sent, told] of [
      [token, token],
      [`${token}x`, 'none'],
    ]) {
      const headers = { 'x-probe': 'token', authorization: `Bearer ${sent}` };
      const { json } = await gateway.proxy('GET /signed', undefined, headers);
      expect(json).toEqual({ token: told });
    }
  });

  it('reads secrets from the environment', async () => {
    expect((await probe('secret')).json).toEqual({ secret: 'from the environment' });
  });

  it('that crashes is a 500, and the next request is served', async () => {
    expect((await probe('crash')).status).toBe(500);
    expect((await gateway.proxy('GET /')).status).toBe(200);
  });

  it('is told its configurations, has timers, runs in the log phase and counts', async () => {
    const value = async (name: string) => (await gateway.admin(`GET /probe/${name}`)).json.value as unknown;
    expect(await value('configs')).toBe(1);
    await until(async () => (await value('timer')) === 'went off false');
    await until(async () => Number(await value('logged:200')) > 0);
    expect((await gateway.admin('GET /metrics')).text).toContain('kong_probe_total{what="crash"} 1');
  });
});

describe('api.lua', () => {
  it('adds routes to the Admin API, and other methods are refused', async () => {
    expect((await gateway.admin('GET /probe/x')).json).toEqual({ name: 'x' });
    expect((await gateway.admin('DELETE /probe/x')).status).toBe(204);
    expect((await gateway.admin('POST /probe/x', {})).status).toBe(405);
    expect((await gateway.admin('GET /probe/x/y')).status).toBe(404);
  });
});
