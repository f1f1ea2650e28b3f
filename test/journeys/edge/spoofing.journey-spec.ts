import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';
import { identityKey } from '../../../apps/local-stack/src/secrets.js';
import { GATEWAY_SECRET } from '../../support/auth-api.js';
import type { TestMember } from '../../support/client.js';
import { type Edge, type EdgeAnswer, type EdgeRequest, startEdge } from '../../support/edge.js';
import { type Client, newClient } from '../../support/edge-client.js';
import { upgrade } from '../../support/wire.js';

/** No value that the gateway would set, so that it shows wherever it comes through. */
const SPOOF = 'spoofed-by-the-client';
const NAMES = [
  'X-User-ID', 'X-User-Subject', 'X-User-Email', 'X-User-Username', 'X-User-Roles', 'X-User-Anything',
  'X-Consumer-ID', 'X-Consumer-Custom-ID', 'X-Consumer-Username', 'X-Consumer-Groups', 'X-Consumer-Anything',
  'X-Credential-Identifier', 'X-Anonymous-Consumer', 'X-Auth-Method', 'X-Principal-Id',
  'X-Gateway-Auth', 'X-Gateway-Identity', 'X-Gateway-Version', 'X-Gateway-Anything',
  'X-Authenticated-Groups', 'X-Authenticated-Scope', 'X-Authenticated-Userid', 'X-Authenticated-Anything',
]; // prettier-ignore
const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toLowerCase(),
  (name) => name.toUpperCase(),
  (name) => name.replaceAll('-', '_'),
  (name) => name.replaceAll('-', '_').toLowerCase(),
  (name) => name.replace('-', '_'),
  (name) => name.replace(/-(?=[^-]*$)/, '_'),
  (name) => [...name].map((c, at) => (at % 2 ? c.toUpperCase() : c.toLowerCase())).join(''),
];
type Header = readonly [name: string, value: string];

/** Every name in every spelling, once each: some 160 headers. */
const ALL: readonly Header[] = [
  ...new Set(NAMES.flatMap((name) => SPELLINGS.map((spell) => spell(name)))),
].map((name) => [name, SPOOF]);
const family = (name: string) => name.toLowerCase().replaceAll('_', '-');
const isIdentity = (name: string) =>
  /^x-(user|consumer|gateway|authenticated)-|^x-(credential-identifier|anonymous-consumer|auth-method|principal-id)$/.test(
    family(name),
  );

function identityOf({ seen }: EdgeAnswer): readonly Header[] {
  if (seen === undefined) throw new Error('nothing came to a service');
  return seen.rawHeaders.filter(([name]) => isIdentity(name));
}

/** Whatever of identity arrived was set by the gateway: each name once, in its own spelling, none with a client's value. */
function expectNothingSpoofed(answer: EdgeAnswer): void {
  const told = identityOf(answer);
  expect(JSON.stringify(told)).not.toContain(SPOOF);
  expect(told.map(([name]) => name).filter((name) => name.includes('_'))).toEqual([]);
  const names = told.map(([name]) => family(name));
  expect(names).toEqual([...new Set(names)]);
}

function expectOnly(answer: EdgeAnswer, names: readonly string[]): void {
  expectNothingSpoofed(answer);
  expect(
    identityOf(answer)
      .map(([name]) => family(name))
      .toSorted(),
  ).toEqual([...names].toSorted());
}

const OF_A_PERSON = [
  'x-user-id', 'x-user-subject', 'x-user-username', 'x-auth-method', 'x-consumer-id', 'x-consumer-custom-id',
  'x-consumer-username', 'x-credential-identifier', 'x-gateway-auth', 'x-gateway-version', 'x-gateway-identity',
]; // prettier-ignore
const OF_A_CONSUMER = [
  'x-consumer-id',
  'x-consumer-custom-id',
  'x-consumer-username',
  'x-credential-identifier',
];
const OF_THE_GATEWAY = ['x-gateway-auth', 'x-gateway-version', 'x-gateway-identity'];

describe('identity headers of a client', () => {
  let edge: Edge;
  let ann: TestMember;
  let key: string;
  let client: Client;
  const send = (path: string, request: EdgeRequest = {}) => edge.send(path, request);

  beforeAll(async () => {
    edge = await startEdge('edge-spoofing');
    ann = await edge.member();
    ({ key } = await edge.key(ann));
    client = await newClient(edge, ['registered', 'llm', 'echo']);
  });
  afterAll(async () => {
    await client?.remove();
    await edge?.stop();
  });

  describe('on a protected route', () => {
    it('are replaced, in every spelling at once, by what the gateway says of the token', async () => {
      const answer = await send('/v1/models', { token: ann.accessToken, headers: ALL });
      expectOnly(answer, OF_A_PERSON);
      expect(answer.seen?.headers['x-user-id']).toBe(ann.id);
    });

    it('are replaced by what the gateway says of the key', async () => {
      const answer = await send('/v1/models', { apiKey: key, headers: ALL });
      expectOnly(answer, OF_A_PERSON);
      expect(answer.seen?.headers['x-user-username']).toBe(ann.username);
    });

    it.each(NAMES)('%s is gone in each spelling, alone and repeated', async (name) => {
      for (const spell of SPELLINGS) {
        const header: Header = [spell(name), SPOOF];
        const answer = await send('/v1/models', { token: ann.accessToken, headers: [header, header] });
        expectOnly(answer, OF_A_PERSON);
      }
    });

    it('let nobody in', async () => {
      const answer = await send('/v1/models', { headers: ALL });
      expect(answer).toMatchObject({ status: 401, seen: undefined, body: { reason: 'missing' } });
    });

    it.each([101, 501, 901])('are gone as header %i too', async (place) => {
      for (const name of ['X-User-ID', 'x_user_id', 'X_Gateway-Identity', 'X-Consumer_Groups']) {
        const headers = [...padding(place - 1), [name, SPOOF] as const];
        expectOnly(await send('/v1/models', { token: ann.accessToken, headers }), OF_A_PERSON);
      }
    });

    it('are gone as header 1001, or the gateway refuses so many', async () => {
      const headers = [...padding(1000), ['X_User_ID', SPOOF] as const];
      const answer = await send('/v1/models', { token: ann.accessToken, headers });
      if (answer.seen === undefined) expect([400, 414, 431, 494]).toContain(answer.status);
      else expectOnly(answer, OF_A_PERSON);
    });

    it.each(['close, X-User-ID, X-Gateway-Identity', 'x_user_id', 'X-GATEWAY-IDENTITY,keep-alive'])(
      'can not take away what the gateway says by Connection: %s',
      async (connection) => {
        const headers = [
          ['Connection', connection],
          ['X_User_ID', SPOOF],
        ] as const;
        const answer = await send('/v1/models', { token: ann.accessToken, headers });
        expectOnly(answer, OF_A_PERSON);
        expect(answer.seen?.headers['x-user-id']).toBe(ann.id);
      },
    );

    it('are gone on OPTIONS that is no preflight, and nobody is named', async () => {
      const answer = await send('/v1/models', { method: 'OPTIONS', token: ann.accessToken, headers: ALL });
      expectOnly(answer, []);
    });

    it('are gone on an upgrade to a websocket', async () => {
      const socket = await upgrade(edge, '/v1/realtime', { token: ann.accessToken, headers: ALL });
      expectOnly(socket, OF_A_PERSON);
      socket.close();
    });

    it('tell nothing of somebody else beside a proof of one’s own', async () => {
      const first = await send('/v1/models', { token: ann.accessToken });
      const proof = first.seen?.headers['x-gateway-identity'] ?? '';
      const ben = await edge.member();
      const headers = ['X-Gateway-Identity', 'x_gateway_identity'].map((name) => [name, proof] as const);
      const answer = await send('/v1/models', { token: ben.accessToken, headers });
      expect(identityOf(answer).filter(([, value]) => value === proof)).toEqual([]);
      expect((await send('/v1/models', { headers })).status).toBe(401);
    });
  });

  describe('on a public route', () => {
    // auth-api refuses any identity header without a proof, so its 200 says that none came through.
    it.each(['/healthz', '/health/auth', '/openapi.json'])('are gone: %s', async (path) => {
      expect((await send(path, { headers: ALL })).status).toBe(200);
    });

    it.each(NAMES)('%s is gone in each spelling', async (name) => {
      for (const spell of SPELLINGS)
        expect((await send('/healthz', { headers: [[spell(name), SPOOF]] })).status).toBe(200);
    });

    it('are gone where a guest signs in', async () => {
      const answer = await send('/auth/guest-login', { method: 'POST', headers: ALL, body: '' });
      expect(answer.status).toBe(201);
    });

    it('are gone beyond the hundredth header', async () => {
      const headers = [...padding(150), ['x_user_id', SPOOF] as const];
      expect((await send('/healthz', { headers })).status).toBe(200);
    });
  });

  it('to an address that does not exist are answered 404, and come nowhere', async () => {
    const before = edge.upstream.requests;
    const answer = await send('/no-such-route', { headers: ALL });
    expect(answer.status).toBe(404);
    expect((await send('/metrics', { headers: ALL })).status).toBe(404);
    expect(edge.upstream.requests).toBe(before);
  });

  describe('on a route of registered clients', () => {
    const withKey = (more: readonly Header[] = []) => ({
      headers: [['apikey', client.key] as const, ...more],
    });

    it.each([
      ['/api/things', OF_A_CONSUMER],
      ['/apis/echo/things', OF_A_CONSUMER],
      ['/apis/llm/models', [...OF_A_CONSUMER, ...OF_THE_GATEWAY]],
    ])('%s: are replaced by what Kong says of the client', async (path, names) => {
      for (const more of [[], ALL]) {
        const answer = await send(path, withKey(more));
        expectOnly(answer, names);
        expect(answer.seen?.headers).toMatchObject({
          'x-consumer-id': client.id,
          'x-consumer-custom-id': client.customId,
          'x-consumer-username': client.username,
          'x-credential-identifier': client.credentialId,
        });
        expect(JSON.stringify(answer.seen)).not.toContain(client.key);
      }
    });

    it.each(['/api/things', '/apis/llm/models'])('%s: let nobody in', async (path) => {
      const answer = await send(path, { headers: ALL });
      expect(answer).toMatchObject({ status: 401, seen: undefined });
      const other = await send(path, { token: ann.accessToken, headers: ALL });
      expect(other).toMatchObject({ status: 401, seen: undefined });
    });

    it('/api, which leads to a third party: tells nothing of ours, whoever is beside the client', async () => {
      const answer = await send('/api/things', { ...withKey(), token: ann.accessToken });
      expectOnly(answer, OF_A_CONSUMER);
      expect(JSON.stringify(identityOf(answer))).not.toContain(ann.id);
    });

    it('an API of ours is given a proof of who the client is, and that it is no person', async () => {
      const answer = await send('/apis/llm/models', withKey(ALL));
      const secret = Buffer.from(identityKey(GATEWAY_SECRET, 'llm-api'), 'base64url');
      const proof = answer.seen?.headers['x-gateway-identity'] ?? '';
      const { payload } = await jwtVerify(proof, secret, { algorithms: ['HS256'], audience: 'llm-api' });
      expect(payload).toMatchObject({
        iss: 'gatehouse-gateway',
        sub: client.id,
        kind: 'application',
        preferred_username: client.username,
        custom_id: client.customId,
        cid: client.credentialId,
        guest: false,
        roles: [],
        scope: 'llm',
      });
      expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(60);
    });

    it('a client without the group of an API is refused, and nothing comes there', async () => {
      const answer = await send('/apis/media/files', withKey());
      expect(answer).toMatchObject({ status: 403, seen: undefined });
    });
  });
});

function padding(count: number): readonly Header[] {
  return Array.from({ length: count }, (_, at) => [`f${at}`, 'v']);
}
