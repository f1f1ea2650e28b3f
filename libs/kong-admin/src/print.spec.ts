import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { fingerprint, secretsOf, withFingerprints } from './fingerprint.js';
import { plan, type PlanOptions } from './plan.js';
import { linesOf, summary } from './print.js';
import type { Entity, KongState } from './state.js';

const TAG = 'ours';
const made = (fields: { readonly id: string } & Record<string, unknown>): Entity => ({
  tags: [TAG],
  ...fields,
});
const linesFor = (desired: KongState, actual: KongState, options: Partial<PlanOptions> = {}) =>
  linesOf(plan(desired, actual, { tag: TAG, ...options }));

const service = made({ id: 's1', name: 'llm', host: 'llm-api' });
const route = made({ id: 'r1', name: 'llm', paths: ['/llm'], service: { id: 's1' } });
const guest = made({ id: 'c1', username: 'tier-guest' });
const ann = made({ id: 'c2', username: 'ann', custom_id: 'ann@example.com' });
const guard = made({ id: 'p1', name: 'guard', config: { access: 'principal' } });
const open = made({ id: 'p2', name: 'guard', route: { id: 'r1' }, config: { access: 'public' } });
const limit = made({
  id: 'p3',
  name: 'rate-limiting',
  route: { id: 'r1' },
  consumer: { id: 'c1' },
  config: { minute: 30 },
});
const key = made({ id: 'k1', key: 'a-secret-key', consumer: { id: 'c2' } });
const whole = {
  services: [service],
  routes: [route],
  consumers: [guest, ann],
  plugins: [open, limit, guard],
  'key-auths': [key],
};
const opens = (plugin: Entity) =>
  (plugin as unknown as { config: { access?: string } }).config.access === 'public';

describe('golden plans', () => {
  it('an empty Kong: what others need first, what opens last', () => {
    expect(linesFor(whole, {}, { opens })).toEqual([
      'make services and consumers:',
      '  create service llm',
      '  create consumer tier-guest',
      '  create consumer ann',
      'make credentials and plugins of no route:',
      '  create key-auth credential k1 of consumer ann',
      '  create plugin guard',
      'make routes:',
      '  create route llm',
      'make plugins of routes:',
      '  create plugin rate-limiting of route llm, consumer tier-guest',
      'make what opens:',
      '  create plugin guard of route llm',
      'create 8, unchanged 0',
    ]);
  });

  it('drift: only what differs, with what it was and what it will be', () => {
    const drifted = {
      ...whole,
      plugins: [{ ...guard, enabled: false }, open, { ...limit, config: { minute: 5, hour: null } }],
      'key-auths': [{ ...key, key: 'another-key' }],
    };
    expect(linesFor(whole, drifted)).toEqual([
      'make credentials and plugins of no route:',
      '  update key-auth credential k1 of consumer ann',
      '    key: "sha256:dfc42b516926" -> "sha256:bf8061f00bac"',
      '  update plugin guard',
      '    enabled: false -> true',
      'make plugins of routes:',
      '  update plugin rate-limiting of route llm, consumer tier-guest',
      '    config.minute: 5 -> 30',
      'update 3, unchanged 5',
    ]);
  });

  it('a name moves: to something new, and between two that stay', () => {
    const ids = (names: readonly [string, string][]) => ({
      consumers: names.map(([id, username]) => made({ id, username })),
    });
    expect(linesFor(ids([['new', 'ann']]), ids([['old', 'ann']]))).toEqual([
      'delete services and consumers:',
      '  delete consumer ann',
      'make services and consumers:',
      '  create consumer ann',
      'create 1, delete 1, unchanged 0',
    ]);
    const swapped = linesFor(ids([['1', 'ann'], ['2', 'bob']]), ids([['1', 'bob'], ['2', 'ann']])); // prettier-ignore
    expect(swapped).toEqual([
      'give up names:',
      '  park consumer parked-2',
      '    username: "ann" -> "parked-2"',
      '  park consumer parked-1',
      '    username: "bob" -> "parked-1"',
      'make services and consumers:',
      '  update consumer ann',
      '    username: "bob" -> "ann"',
      '  update consumer bob',
      '    username: "ann" -> "bob"',
      'update 2, unchanged 0',
    ]);
  });

  it('a consumer goes, and its key with it; a service goes after the route that leaves it', () => {
    const moved = { ...route, service: { id: 's2' } };
    const desired = {
      ...whole,
      services: [made({ id: 's2', name: 'llm-two', host: 'llm-api' })],
      routes: [moved],
      consumers: [guest],
      'key-auths': [],
    };
    expect(linesFor(desired, whole)).toEqual([
      'delete services and consumers:',
      '  delete consumer ann',
      'make services and consumers:',
      '  create service llm-two',
      'make routes:',
      '  update route llm',
      '    service.id: "s1" -> "s2"',
      'delete services and consumers:',
      '  delete service llm',
      'create 1, update 1, delete 2 (and 1 with them), unchanged 4',
    ]);
  });

  it('somebody else’s name, and what belongs to it', () => {
    const theirs = { id: 'c9', username: 'ann', tags: ['theirs'] };
    expect(linesFor(whole, { ...whole, consumers: [guest, theirs], 'key-auths': [] })).toEqual([
      'blocked: consumer ann (c2): consumer ann (c9) has the same username and is not ours: it lacks our tag',
      'blocked: key-auth credential k1 of consumer ann (k1): it belongs to consumer ann, which is blocked',
      'blocked 2, unchanged 6',
    ]);
  });

  it('more than a tenth and more than ten go: it waits for a person, unless that is meant', () => {
    const many = (count: number) => ({
      consumers: Array.from({ length: count }, (_, index) =>
        made({ id: `c${index}`, username: `u${index}` }),
      ),
    });
    const heldFor = (left: number, all: number, force = false) =>
      plan(many(left), many(all), { tag: TAG, force }).held;
    expect(heldFor(89, 100)).toBe('it deletes 11 of the 100 entities that are ours');
    expect(heldFor(90, 100)).toBeUndefined();
    expect(heldFor(0, 10)).toBeUndefined();
    expect(heldFor(189, 200)).toBeUndefined();
    expect(heldFor(0, 100, true)).toBeUndefined();
    expect(linesFor(many(0), many(11)).slice(-2)).toEqual([
      'held: it deletes 11 of the 11 entities that are ours',
      'delete 11, unchanged 0',
    ]);
  });

  it('nothing', () => {
    expect(summary(plan(whole, whole, { tag: TAG }))).toBe('nothing to do, 8 as they should be');
  });
});

describe('secrets in a plan', () => {
  const secrets = {
    consumers: [ann],
    'key-auths': [key],
    jwts: [made({ id: 'j1', key: 'kid', secret: 'a-jwt-secret', consumer: { id: 'c2' } })],
    oauth2: [
      made({
        id: 'o1',
        name: 'app',
        client_id: 'app',
        client_secret: 'a-client-secret',
        consumer: { id: 'c2' },
      }),
    ],
    plugins: [
      made({
        id: 'p9',
        name: 'x',
        config: { redis: { password: 'a-password' }, call_secret: '{vault://env/call}' },
      }),
    ],
  };
  const values = ['a-secret-key', 'a-jwt-secret', 'a-client-secret', 'a-password'];

  it('are fingerprints however it is printed, and themselves where it is applied', () => {
    const todo = plan(secrets, {}, { tag: TAG });
    const printed = [JSON.stringify(todo), inspect(todo, { depth: null }), linesOf(todo).join()].join();
    for (const value of values) expect(printed).not.toContain(value);
    expect(JSON.stringify(todo)).toContain('{vault://env/call}');
    const written = todo.levels.flatMap(({ steps }) => steps.map((step) => step.written?.reveal().entity));
    for (const value of values) expect(JSON.stringify(written)).toContain(value);
  });

  it('are fingerprints where Kong quotes them, with the slashes that it escapes', () => {
    const secret = 'a/secret"key';
    const answer = String.raw`{"message":"UNIQUE violation on '{key=\"a\/secret\"key\"}'","code":5}`;
    const quoted = withFingerprints(
      answer,
      secretsOf({ kind: 'key-auths', entity: { ...key, key: secret } as Entity }),
    );
    expect(JSON.parse(quoted)).toEqual({
      code: 5,
      message: `UNIQUE violation on '{key="${fingerprint(secret)}"}'`,
    });
  });
});
