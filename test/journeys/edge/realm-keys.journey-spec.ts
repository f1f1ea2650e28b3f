import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { topology, topologyOptions, toYaml, withoutDatabase } from '../../../kong/topology/index.js';
import { eventually, type RunningAuthApi, startAuthApi } from '../../support/auth-api.js';
import { call } from '../../support/client.js';
import { type Edge, type EdgeAnswer, givenNodes, standInOnly, startEdge } from '../../support/edge.js';
import type { Stranger } from '../../support/keycloak-person.js';
import { OwnRealm, type RealmKey } from '../../support/own-realm.js';
import { testStack } from '../../support/stack.js';
import { StandIn } from '../../support/stand-in.js';
import { Upstream } from '../../support/upstream.js';

const STOCK = { KONG_JWT_PLUGIN: 'jwt' };
/** Within 2 s on a machine that does nothing else: what it took is printed. */
const SOON_MS = 15_000;

const kidOf = (token: string) => decodeProtectedHeader(token).kid;
const told = ({ status, body }: EdgeAnswer) => [status, body?.reason];

describe("with Kong's own jwt plugin", () => {
  let realm: OwnRealm;
  let edge: Edge;
  let api: RunningAuthApi;
  let people: Stranger[];
  let admin: Stranger;

  beforeAll(async () => {
    realm = await OwnRealm.createLikeOurs();
    const settings = realm.topology();
    edge = await startEdge('edge-realm-keys', {
      topology: { ...settings, ...STOCK },
      authApi: { ...realm.authApi(), ...STOCK, SYNC_INTERVAL_MS: '1000' },
    });
    api = edge.api;
    people = [];
    for (let n = 0; n < 4; n++) people.push(await realm.person());
    admin = await realm.administrator();
  });
  afterAll(async () => {
    await api.stop();
    for (const { adminUrl } of edge.nodes) await takeAway(adminUrl);
    await edge.stop();
  });

  const ask = (token: string) => edge.send('/v1/models', { token });
  const accepted = async (token: string) => (await ask(token)).status === 200;
  const tokens = async (): Promise<string[]> => {
    const all: string[] = [];
    for (const person of people) all.push(await person.token(), await person.token());
    return all;
  };
  /** 100 requests at once, of all kinds of tokens in turn. */
  const hundred = (...kinds: readonly (readonly string[])[]) =>
    Promise.all(
      Array.from({ length: 100 }, (_, n) => {
        const kind = kinds[n % kinds.length] ?? [];
        return ask(kind[Math.floor(n / kinds.length) % kind.length] ?? '');
      }),
    );
  const expectAllIn = (answers: readonly EdgeAnswer[]) => {
    const refused = answers.filter(({ status }) => status !== 200).map((answer) => told(answer).join(' '));
    expect([refused.length, [...new Set(refused)]]).toEqual([0, []]);
  };
  const post = async (path: string) => edge.send(path, { method: 'POST', token: await admin.token() });
  const inKong = async (): Promise<string[]> => {
    const answer = await fetch(`${edge.nodes[0]?.adminUrl}/jwts?tags=realm-key`);
    return ((await answer.json()) as { data: { key: string }[] }).data.map(({ key }) => key).sort();
  };

  it('tokens are let in as soon as everything has started, with nobody registering a key', async () => {
    const token = await people[0]!.token();
    await eventually(() => accepted(token), 'the key that signs is in Kong');
    expect(await inKong()).toEqual([...(await realm.publicKeys()).keys()].sort());
  });

  it('not one request is refused while the key is rotated by POST /kong/keys/rotate', async () => {
    const old = await tokens();
    let isOver = false;
    const answers: EdgeAnswer[] = [];
    const fresh: string[] = [];
    const withOld = async () => {
      for (let n = 0; !isOver; n++) answers.push(await ask(old[n % old.length] ?? ''));
    };
    // Each used at once: the first one of the new key comes a moment after the realm has begun to sign with it.
    const withFresh = async (person: Stranger) => {
      while (!isOver) {
        const token = await person.token();
        fresh.push(token);
        answers.push(await ask(token));
      }
    };
    const load = Promise.all([withOld(), withOld(), ...people.map(withFresh)]);
    const { status, body } = await post('/kong/keys/rotate');
    await eventually(() => fresh.some((token) => kidOf(token) === body.kid), 'the new key signs');
    const hundreds = await hundred(
      old,
      fresh.filter((token) => kidOf(token) === body.kid),
    );
    isOver = true;
    await load;
    expect({ status, before: body.previous_kid }).toEqual({ status: 200, before: kidOf(old[0] ?? '') });
    expectAllIn(answers);
    expectAllIn(hundreds);
    process.stdout.write(`${answers.length} requests during a rotation, none refused\n`);
  });

  it('where it is rotated in Keycloak, the new key is let in within 2 s, and the old one all the while', async () => {
    const old = await tokens();
    const added = await realm.addKey(1000);
    const since = performance.now();
    const first = await people[0]!.token();
    expect(kidOf(first)).toBe(added.kid);
    const meanwhile: EdgeAnswer[] = [];
    await eventually(
      async () => {
        meanwhile.push(await ask(old[meanwhile.length % old.length] ?? ''));
        return accepted(first);
      },
      'a token of the new key is let in',
      SOON_MS,
    );
    process.stdout.write(`a new key was let in after ${Math.round(performance.now() - since)} ms\n`);
    expectAllIn(meanwhile);
    expectAllIn(await hundred(old, await tokens()));
  });

  it('a key that was refused before Kong had it is let in as soon as it has', async () => {
    const added = await realm.addKey(1010);
    const token = await people[0]!.token();
    expect(kidOf(token)).toBe(added.kid);
    await Promise.all(Array.from({ length: 20 }, () => ask(token)));
    await eventually(() => accepted(token), 'the new key is let in', SOON_MS);
    expectAllIn(await hundred([token]));
  });

  it('a key that is disabled stops at once with POST /kong/keys/refresh, and no other one does', async () => {
    const added = await realm.addKey(1020);
    const doomed = await tokens();
    await eventually(() => accepted(doomed[0] ?? ''), 'its tokens are let in', SOON_MS);
    await added.disable();
    const others = await tokens();
    expectAllIn(await hundred(doomed, others));

    const { status, body } = await post('/kong/keys/refresh');
    expect({ status, removed: body.removed, pending: body.nodes_pending }).toEqual({
      status: 200,
      removed: [added.kid],
      pending: 0,
    });
    const refused = await hundred(doomed);
    expect(new Set(refused.map((answer) => told(answer).join(' ')))).toEqual(new Set(['401 unknown-kid']));
    expectAllIn(await hundred(others));
    expect(await inKong()).not.toContain(added.kid);
  });

  it('a key that has left the realm goes on verifying its tokens', async () => {
    const added = await realm.addKey(1030);
    const old = await tokens();
    await eventually(() => accepted(old[0] ?? ''), 'its tokens are let in', SOON_MS);
    await added.remove();
    const statusOf = async () => {
      const { body } = await edge.send('/kong/keys', { token: await admin.token() });
      return body.keys.find(({ kid }: { kid: string }) => kid === added.kid)?.status;
    };
    await eventually(async () => (await statusOf()) === 'retired', 'it is retired', SOON_MS);
    expectAllIn(await hundred(old, await tokens()));
  });

  it('keys that somebody deleted from Kong, or put there in our name, are mended', async () => {
    const before = await inKong();
    const admin = edge.nodes[0]?.adminUrl ?? '';
    await takeAway(admin);
    await eventually(async () => (await inKong()).join() === before.join(), 'they are all there again');
    const stray = await fetch(`${admin}/consumers/keycloak-issuer/jwt`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: 'stray', secret: 'x', tags: ['managed-by:gatehouse', 'realm-key'] }),
    });
    expect(stray.status).toBe(201);
    await eventually(async () => (await inKong()).join() === before.join(), 'what nobody wants is gone');
  });

  it('auth-api killed and started again has lost nothing, and finds what changed meanwhile', async () => {
    const leaving: RealmKey = await realm.addKey(1040);
    const old = await tokens();
    await eventually(() => accepted(old[0] ?? ''), 'its tokens are let in', SOON_MS);
    await edge.api.kill();
    expectAllIn(await hundred(old));
    const added = await realm.addKey(1050);
    await leaving.remove();
    const fresh = await tokens();
    expect(new Set(fresh.map(kidOf))).toEqual(new Set([added.kid]));

    api = await startAuthApi('edge-realm-keys-again', {
      ...realm.authApi(),
      ...STOCK,
      DATABASE_URL: edge.api.databaseUrl,
      KONG_ADMIN_URLS: edge.nodes.map(({ adminUrl }) => adminUrl).join(','),
      TRUSTED_PROXIES: '127.0.0.1',
    });
    await eventually(() => accepted(fresh[0] ?? ''), 'the key of the meantime is let in');
    expectAllIn(await hundred(old, fresh));
    const { body } = await call(api.url, 'GET', '/kong/keys', { token: await admin.token() });
    const statuses = new Map(body.keys.map((key: { kid: string; status: string }) => [key.kid, key.status]));
    expect([statuses.get(leaving.kid), statuses.get(added.kid)]).toEqual(['retired', 'active']);
  });
});

standInOnly("with Kong's own jwt plugin and no database", () => {
  const stops: (() => Promise<void>)[] = [];
  const nodes: StandIn[] = [];
  let realm: OwnRealm;
  let api: RunningAuthApi;
  let person: Stranger;
  let admin: Stranger;

  beforeAll(async () => {
    realm = await OwnRealm.createLikeOurs();
    for (const name of ['first', 'second']) {
      const node = await StandIn.start(`edge-realm-keys-${name}`, 'dbless');
      stops.push(() => node.stop());
      nodes.push(node);
    }
    const upstream = await Upstream.start();
    stops.push(() => upstream.stop());
    // It has the address of auth-api, which waits for it.
    const file = join(mkdtempSync(join(tmpdir(), 'gatehouse-topology-')), 'kong.yaml');
    api = await startAuthApi('edge-realm-keys-dbless', {
      ...realm.authApi(),
      ...STOCK,
      KONG_MODE: 'dbless',
      KONG_ADMIN_URLS: nodes.map(({ adminUrl }) => adminUrl).join(','),
      TOPOLOGY_FILE: file,
      TRUSTED_PROXIES: '127.0.0.1',
    });
    stops.push(() => api.stop());
    const wanted = topologyOptions({
      ...realm.topology(),
      ...STOCK,
      LIMITS_PROFILE: 'development',
      KEYCLOAK_URL: testStack().keycloakUrl,
      AUTH_API_URL: api.url,
      AUTH_API_INTERNAL_URL: api.internalUrl,
      LLM_API_URL: `http://127.0.0.1:${upstream.port}`,
    });
    writeFileSync(file, toYaml(withoutDatabase(topology(wanted))));
    person = await realm.person();
    admin = await realm.administrator();
  });
  afterAll(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const statusAt = async (node: StandIn, token: string) =>
    (await call(node.url, 'GET', '/v1/models', { token })).status;
  const everywhere = async (token: string, status: number) =>
    (await Promise.all(nodes.map((node) => statusAt(node, token)))).every((each) => each === status);

  it('every node has the keys with its configuration, and gets a new one', async () => {
    const first = await person.token();
    await eventually(() => everywhere(first, 200), 'both nodes let it in', 20_000);
    await realm.addKey(1000);
    const second = await person.token();
    expect(kidOf(second)).not.toBe(kidOf(first));
    await eventually(() => everywhere(second, 200), 'both nodes let the new key in');
    expect(await everywhere(first, 200)).toBe(true);
  });

  it('a rotation waits until every node has the new key', async () => {
    const token = await admin.token();
    const { status, body } = await call(api.url, 'POST', '/kong/keys/rotate', { token });
    expect(status).toBe(200);
    const fresh = await person.token();
    expect(kidOf(fresh)).toBe(body.kid);
    expect([await everywhere(fresh, 200), await everywhere(token, 200)]).toEqual([true, true]);
  });

  it('a key that is disabled has stopped at every node when POST /kong/keys/refresh answers', async () => {
    const doomed = await realm.addKey(2000);
    const token = await person.token();
    expect(kidOf(token)).toBe(doomed.kid);
    await eventually(() => everywhere(token, 200), 'both nodes let it in');
    await doomed.disable();
    const { status, body } = await call(api.url, 'POST', '/kong/keys/refresh', {
      token: await admin.token(),
    });
    expect({ status, removed: body.removed, pending: body.nodes_pending }).toEqual({
      status: 200,
      removed: [doomed.kid],
      pending: 0,
    });
    expect(await everywhere(token, 401)).toBe(true);
  });
});

describe('with our own plugin', () => {
  let realm: OwnRealm;
  let edge: Edge;

  beforeAll(async () => {
    realm = await OwnRealm.createLikeOurs();
    edge = await startEdge('edge-realm-keys-ours', {
      topology: realm.topology(),
      authApi: realm.authApi(),
      nodes: givenNodes().length === 1 ? 1 : 2,
    });
  });
  afterAll(() => edge.stop());

  it('a rotation refuses nobody, a disabled key stops at every node with POST /kong/keys/refresh, and no credential is in Kong', async () => {
    const [person, admin] = [await realm.person(), await realm.administrator()];
    const old = await person.token();
    const statusesOf = (token: string) =>
      Promise.all(
        [...edge.nodes.keys()].map(async (node) => (await edge.send('/v1/models', { token, node })).status),
      );
    const all = (status: number) => edge.nodes.map(() => status);
    expect(await statusesOf(old)).toEqual(all(200));
    const post = async (path: string) => edge.send(path, { method: 'POST', token: await admin.token() });
    const { status, body } = await post('/kong/keys/rotate');
    expect(status).toBe(200);
    const fresh = await person.token();
    expect(kidOf(fresh)).toBe(body.kid);
    expect([await statusesOf(fresh), await statusesOf(old)]).toEqual([all(200), all(200)]);

    await (await realm.keyOf(body.previous_kid)).disable();
    const refreshed = await post('/kong/keys/refresh');
    expect(refreshed.body).toMatchObject({ removed: [body.previous_kid], nodes_pending: 0 });
    expect([await statusesOf(fresh), await statusesOf(old)]).toEqual([all(200), all(401)]);
    const answer = await fetch(`${edge.nodes[0]?.adminUrl}/jwts?tags=realm-key`);
    expect(((await answer.json()) as { data: unknown[] }).data).toEqual([]);
  });
});

/** What is not the topology's would keep its consumer, and so its name, from the next realm. */
async function takeAway(adminUrl: string): Promise<void> {
  const answer = await fetch(`${adminUrl}/jwts?tags=realm-key`);
  const { data } = (await answer.json()) as { data: { id: string }[] };
  for (const { id } of data) await fetch(`${adminUrl}/jwts/${id}`, { method: 'DELETE' });
}
