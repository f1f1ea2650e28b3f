import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { LIMITS } from '#config';
import { newKey } from '../../../apps/auth-api/src/api-keys/key-format.js';
import { eventually } from '../../support/auth-api.js';
import { type Edge, type EdgeAnswer, type EdgeRequest, startEdge, withConfig } from '../../support/edge.js';
import { KeycloakProxy } from '../../support/keycloak-proxy.js';
import { openGate } from '../../support/stepped-proxy.js';
import type { Stranger } from '../../support/keycloak-person.js';
import { OwnRealm, type RealmKey } from '../../support/own-realm.js';
import { testStack } from '../../support/stack.js';

/** The longest time between two fetches for unknown kids (`jwks_window`). The first is 1 s, each is twice the one before. */
const WINDOW_MS = 5000;
/** So many requests at once do not all find a place to wait, at least in a gateway of one worker. */
const MORE_THAN_MAY_WAIT = 300;

/** In a time that begins with one. */
function mostFetches(ms: number): number {
  let count = 0;
  for (let at = 0, window = 1000; at <= ms; at += window, window = Math.min(2 * window, WINDOW_MS)) count++;
  return count;
}

let edge: Edge;
beforeAll(async () => {
  edge = await startEdge('edge-keys');
});
afterAll(() => edge.stop());

const ask = (credentials: EdgeRequest) => edge.send('/v1/models', credentials);
const told = ({ status, body }: EdgeAnswer) => [status, body?.reason];
const asked = async (credentials: EdgeRequest) => told(await ask(credentials));
const forgedKey = () => newKey('sk_live_').key;

describe('an API key that nobody was given', () => {
  /** How often auth-api was asked, whatever it said. */
  const calls = (outcome?: string) =>
    edge.api.metric('api_key_validations_total', outcome === undefined ? {} : { outcome });

  it('costs auth-api nothing when its checksum is wrong, nor does a bearer token that is no key', async () => {
    const before = await calls();
    const wrong = `${forgedKey().slice(0, -6)}000000`;
    const answers = await Promise.all(
      [
        { apiKey: wrong },
        { token: wrong },
        { apiKey: 'sk_live_short' },
        { token: 'sk_test_0' },
        { token: 'abc' },
        { token: 'a.b.c' },
      ].map(asked),
    );
    expect(answers).toEqual([
      [401, 'bad-checksum'],
      [401, 'bad-checksum'],
      [401, 'malformed'],
      [401, 'malformed'],
      [401, 'malformed'],
      [401, 'malformed'],
    ]);
    expect(await calls()).toBe(before);
  });

  it('costs one question when it is repeated, one after another and all at once', async () => {
    const before = await calls('unknown-key');
    const [one, another] = [forgedKey(), forgedKey()];
    for (let n = 0; n < 10; n++) expect(await asked({ apiKey: one })).toEqual([401, 'unknown-key']);
    const atOnce = await Promise.all(Array.from({ length: 30 }, () => asked({ apiKey: another })));
    expect(atOnce).toEqual(atOnce.map(() => [401, 'unknown-key']));
    expect((await calls('unknown-key')) - before).toBe(2);
  });

  it('costs one question for each neg_ttl when it is repeated for ever', async () => {
    await edge.reload({}, withConfig('keycloak-apikey', { neg_ttl: 1 }));
    const key = forgedKey();
    const before = await calls('unknown-key');
    const since = performance.now();
    while (performance.now() - since < 3500)
      await Promise.all(Array.from({ length: 5 }, () => ask({ apiKey: key })));
    const questions = (await calls('unknown-key')) - before;
    const seconds = (performance.now() - since) / 1000;
    expect(questions).toBeGreaterThanOrEqual(3);
    expect(questions).toBeLessThanOrEqual(Math.ceil(seconds));
  });

  it('does not push good ones out of the cache, though 10,000 of them come', async () => {
    await edge.reload({}, withConfig('keycloak-apikey', { ttl: 600 }));
    const owners = [await edge.member(), await edge.member()];
    const good: string[] = [];
    for (const owner of owners) for (let n = 0; n < 15; n++) good.push((await edge.key(owner)).key);
    const askAll = () => Promise.all(good.map((apiKey) => ask({ apiKey })));
    expect((await askAll()).map(({ status }) => status)).toEqual(good.map(() => 200));

    const [valid, unknown] = [await calls('valid'), await calls('unknown-key')];
    let left = 10_000;
    const flood = async () => {
      while (left-- > 0) {
        // Over kept connections, unlike `ask`: it is the gateway that is to be busy.
        const answer = await fetch(`${edge.nodes[0]?.url}/v1/models`, {
          headers: { 'x-api-key': forgedKey() },
        });
        const text = await answer.text();
        if (answer.status !== 401) throw new Error(`${answer.status} ${text}`);
      }
    };
    const since = performance.now();
    await Promise.all(Array.from({ length: 16 }, flood));
    const seconds = (performance.now() - since) / 1000;
    process.stdout.write(`10,000 forged keys refused in ${seconds.toFixed(1)} s\n`);
    expect((await calls('unknown-key')) - unknown).toBe(10_000);
    expect((await askAll()).map(({ status }) => status)).toEqual(good.map(() => 200));
    expect(await calls('valid')).toBe(valid);
  }, 180_000);

  it('is answered 429 when too many of them come from one address, and no other address is hindered', async () => {
    await edge.reload({ LIMITS_PROFILE: 'production' });
    const owner = await edge.member();
    const { key } = await edge.key(owner);
    expect((await ask({ apiKey: key, from: '127.0.0.4' })).status).toBe(200);
    const most = LIMITS.production.unknownKeysPerMinute;
    await eventually(() => new Date().getSeconds() < 50, 'the minute is not about to end', 11_000);
    const before = await calls('unknown-key');
    for (let n = 0; n < most; n++)
      expect(await asked({ apiKey: forgedKey(), from: '127.0.0.2' })).toEqual([401, 'unknown-key']);
    const refused = await ask({ apiKey: forgedKey(), from: '127.0.0.2' });
    expect(refused.body).toMatchObject({ status: 429, type: '/docs/problems/gateway/too-many-unknown-keys' });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await calls('unknown-key')) - before).toBe(most);
    expect(await asked({ apiKey: forgedKey(), from: '127.0.0.3' })).toEqual([401, 'unknown-key']);
    expect((await ask({ apiKey: key, from: '127.0.0.2' })).status).toBe(200);
  });
});

describe('when Keycloak signs with a new key', () => {
  let realm: OwnRealm;
  let people: Stranger[];
  beforeAll(async () => {
    realm = await OwnRealm.create();
    people = [];
    for (let n = 0; n < 4; n++) people.push(await realm.person());
  });

  const tokens = async (): Promise<string[]> => {
    const all: string[] = [];
    for (const person of people) all.push(await person.token(), await person.token());
    return all;
  };
  const kidsOf = (all: readonly string[]) => new Set(all.map((token) => decodeProtectedHeader(token).kid));
  /** 100 requests at once, old and new ones mixed. */
  const hundred = (...kinds: readonly string[][]) =>
    Promise.all(
      Array.from({ length: 100 }, (_, n) => {
        const kind = kinds[n % kinds.length] ?? [];
        return ask({ token: kind[Math.floor(n / kinds.length) % kind.length] });
      }),
    );
  const expectAllIn = (answers: readonly EdgeAnswer[]) => {
    const refused = answers.filter(({ status }) => status !== 200).map((answer) => told(answer).join(' '));
    expect([refused.length, [...new Set(refused)]]).toEqual([0, []]);
  };

  it('keycloak-jwt refuses none of 100 old and new tokens at once; when the old key is gone, its tokens are', async () => {
    const first = await realm.addKey(200);
    const old = await tokens();
    expect(kidsOf(old)).toEqual(new Set([first.kid]));
    await edge.reload(realm.topology());
    expectAllIn(await hundred(old));

    const second = await realm.addKey(300);
    const fresh = await tokens();
    expect(kidsOf(fresh)).toEqual(new Set([second.kid]));
    expectAllIn(await hundred(old, fresh));

    await first.remove();
    expectAllIn(await hundred(fresh));
    for (const { adminUrl } of edge.nodes) {
      const answer = await fetch(`${adminUrl}/keycloak-jwt/keys/refresh`, { method: 'POST' });
      expect({ status: answer.status, body: await answer.json() }).toEqual({
        status: 200,
        body: { refreshed: 1 },
      });
    }
    for (const token of old) expect(await asked({ token })).toEqual([401, 'unknown-kid']);
    expectAllIn(await hundred(fresh));
  });

  it('a refresh of the keys asks only the realm that is configured, and says when it does not answer', async () => {
    const proxy = await KeycloakProxy.to(testStack().keycloakUrl, openGate);
    const token = await (people[0] as Stranger).token();
    await edge.reload(realm.topology(proxy.url));
    expect((await ask({ token })).status).toBe(200);
    const refresh = () => fetch(`${edge.nodes[0]?.adminUrl}/keycloak-jwt/keys/refresh`, { method: 'POST' });
    expect((await refresh()).status).toBe(200);
    await proxy.close();
    expect((await refresh()).status).toBe(503);
    expect((await ask({ token })).status).toBe(200);
    await edge.reload(realm.topology());
    expect((await refresh()).status).toBe(200);
  });

  describe('and forged kids flood the gateway', () => {
    let proxy: KeycloakProxy;
    let fetches: number;
    beforeEach(async () => {
      fetches = 0;
      const counting = {
        ...openGate,
        before: () => {
          fetches += 1;
          return Promise.resolve(true);
        },
      };
      proxy = await KeycloakProxy.to(testStack().keycloakUrl, counting);
      await edge.reload(realm.topology(proxy.url));
    });
    afterEach(() => proxy.close());

    /** So many at once, each with another kid, while this lasts. Holds the fetches to what the windows allow. */
    const flooded = async (atOnce: number, genuine: string, meanwhile: () => Promise<void>) => {
      const [, claims, signature] = genuine.split('.');
      const told = new Map<unknown, number>();
      const [since, before] = [performance.now(), fetches];
      let isOver = false;
      let forged = 0;
      const forge = async () => {
        while (!isOver) {
          const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `forged-${forged++}` }));
          const answer = await ask({ token: [header.toString('base64url'), claims, signature].join('.') });
          const reason = answer.body?.reason;
          told.set(reason, (told.get(reason) ?? 0) + 1);
          // Else this process would be too busy to count.
          if (answer.status === 503) await delay(100);
        }
      };
      const flood = Promise.all(Array.from({ length: atOnce }, forge));
      await meanwhile().finally(() => (isOver = true));
      await flood;
      const ms = performance.now() - since;
      process.stdout.write(
        `${forged} forged kids: ${fetches - before} fetches of JWKS in ${ms.toFixed()} ms\n`,
      );
      expect(fetches - before).toBeGreaterThan(0);
      expect(fetches - before).toBeLessThanOrEqual(mostFetches(ms));
      return told;
    };

    it('they make one fetch in a window, and genuine tokens work on', async () => {
      const genuine = await tokens();
      expectAllIn(await hundred(genuine));
      const answers: EdgeAnswer[] = [];
      const told = await flooded(8, genuine[0] as string, async () => {
        const since = performance.now();
        for (let n = 0; performance.now() - since < 1.3 * WINDOW_MS; n++)
          answers.push(await ask({ token: genuine[n % genuine.length] }));
      });
      expectAllIn(answers);
      expect(answers.length).toBeGreaterThan(20);
      expect([...told.keys()]).toEqual(['unknown-kid']);
    });

    it('no token of the new key is refused: it is accepted, or 503 asks to come again and then it is', async () => {
      const old = await tokens();
      expectAllIn(await hundred(old));
      const told = await flooded(MORE_THAN_MAY_WAIT, old[0] as string, async () => {
        for (const priority of [310, 320]) {
          const before = fetches;
          await eventually(() => fetches > before + 1, 'the next fetch is a while away', 30_000);
          const { kid } = await realm.addKey(priority);
          const fresh = await (people[0] as Stranger).token();
          expect(kidsOf([fresh])).toEqual(new Set([kid]));
          const first = await hundred([fresh], old);
          const again = first.filter(({ status }) => status === 503);
          process.stdout.write(`${again.length} of 100 are asked to come again\n`);
          expectAllIn(first.filter(({ status }) => status !== 503));
          const comeAgain = async ({ headers }: EdgeAnswer) => {
            await delay(Number(headers['retry-after']) * 1000);
            return ask({ token: fresh });
          };
          expectAllIn(await Promise.all(again.map(comeAgain)));
        }
      });
      expect(['unknown-kid', 'keys-unavailable']).toEqual(expect.arrayContaining([...told.keys()]));
    }, 180_000);
  });

  it("Kong's own jwt refuses none of them either, when the new key is a credential before tokens use it", async () => {
    const admin = edge.nodes[0]?.adminUrl ?? '';
    const { configuration } = (await (await fetch(admin)).json()) as { configuration: { database: string } };
    if (configuration.database === 'off') {
      process.stdout.write(
        'skipped: this Kong has no database, so credentials come with its whole configuration\n',
      );
      return;
    }
    const register = async (kid: string, publicKey: string) => {
      const answer = await fetch(`${admin}/consumers/keycloak-issuer/jwt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ key: kid, algorithm: 'RS256', rsa_public_key: publicKey }),
      });
      expect(answer.status).toBe(201);
      registered.push(kid);
    };
    const registered: string[] = [];
    await edge.reload({ ...realm.topology(), KONG_JWT_PLUGIN: 'jwt' });
    for (const [kid, publicKey] of await realm.publicKeys()) await register(kid, publicKey);
    const old = await tokens();
    expectAllIn(await hundred(old));

    const next: RealmKey = await realm.addKey(1);
    await register(next.kid, next.publicKey);
    await next.setPriority(400);
    const fresh = await tokens();
    expect(kidsOf(fresh)).toEqual(new Set([next.kid]));
    expectAllIn(await hundred(old, fresh));
    const unknown = await realm.addKey(500);
    const early = await tokens();
    expect(kidsOf(early)).toEqual(new Set([unknown.kid]));
    expect(await asked({ token: early[0] })).toEqual([401, 'unknown-kid']);
    await register(unknown.kid, unknown.publicKey);
    expectAllIn(await hundred(old, fresh, early));
    // What is not the topology's would keep its consumer, and so its name, from the next realm.
    for (const kid of registered) await fetch(`${admin}/jwts/${kid}`, { method: 'DELETE' });
  });
});

/** Lets everything through. */
