import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type KeySet, signingKeys } from './jwks.js';
import { KeysUnavailable } from './principal.problems.js';
import { RealmKeys } from './realm-keys.js';

const key = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).publicKey;
const [first, second] = [key(), key()];

let nowMs: number;
let realm: KeySet;
const read = jest.fn<() => Promise<KeySet>>();
let keys: RealmKeys;

beforeEach(() => {
  nowMs = 1_000_000;
  realm = new Map([['first', first]]);
  read.mockReset().mockImplementation(() => Promise.resolve(realm));
  keys = new RealmKeys('http://keycloak/jwks', () => nowMs, read);
});

/** Runs a test whose time passes only when told to. */
async function withoutWaiting(test: () => Promise<void>): Promise<void> {
  jest.useFakeTimers();
  try {
    await test();
  } finally {
    jest.useRealTimers();
  }
}

async function pass(ms: number): Promise<void> {
  nowMs += ms;
  await jest.advanceTimersByTimeAsync(ms);
}

describe('realm keys', () => {
  it('are read once for any number of requests, and their age is known', async () => {
    await Promise.all(Array.from({ length: 50 }, () => keys.find('first')));
    nowMs += 7000;
    expect(await keys.find('first')).toBe(first);
    expect(read).toHaveBeenCalledTimes(1);
    expect(keys.status()).toEqual({ loaded: true, ageMs: 7000, kids: ['first'] });
  });

  it('accept a new key from its first hundred requests on, with one read', async () => {
    await keys.refresh();
    realm = new Map([...realm, ['second', second]]);
    const found = await Promise.all(Array.from({ length: 100 }, () => keys.find('second')));
    expect(found.every((it) => it === second)).toBe(true);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('read once more when the read under way began before the new key was made', async () => {
    await keys.refresh();
    let answer: (old: KeySet) => void = () => undefined;
    read.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const old = realm;
    const underWay = keys.refresh();
    const asked = Array.from({ length: 100 }, () => keys.find('second'));
    realm = new Map([['second', second]]);
    answer(old);
    await underWay;
    expect(new Set(await Promise.all(asked))).toEqual(new Set([second]));
    expect(read).toHaveBeenCalledTimes(3);
  });

  it('are read at most once a second for 10,000 forged kids, and known ones do not wait', async () => {
    await keys.refresh();
    expect(await keys.find('forged')).toBeUndefined();
    await withoutWaiting(async () => {
      const answers = Array.from({ length: 10_000 }, (_, kid) => keys.find(`forged-${kid}`));
      const refused = Promise.allSettled(answers);
      expect(await keys.find('first')).toBe(first);
      expect(read).toHaveBeenCalledTimes(2);
      await pass(1000);
      const outcomes = await refused;
      expect(outcomes.filter((outcome) => 'value' in outcome && outcome.value === undefined)).toHaveLength(
        1000,
      );
      expect(
        outcomes.filter((outcome) => 'reason' in outcome && KeysUnavailable.is(outcome.reason)),
      ).toHaveLength(9000);
    });
    expect(read).toHaveBeenCalledTimes(3);
  });

  it('accept a key made right after a forged kid had them read', async () => {
    await keys.refresh();
    expect(await keys.find('forged')).toBeUndefined();
    realm = new Map([...realm, ['second', second]]);
    await withoutWaiting(async () => {
      const asked = Array.from({ length: 100 }, () => keys.find('second'));
      await pass(1000);
      expect(new Set(await Promise.all(asked))).toEqual(new Set([second]));
    });
    expect(read).toHaveBeenCalledTimes(3);
  });

  it('do not call a kid unknown when the realm cannot be asked', async () => {
    await keys.refresh();
    read.mockRejectedValue(new Error('down'));
    for (let request = 0; request < 5; request++)
      await expect(keys.find('second')).rejects.toMatchObject({ type: KeysUnavailable.definition.type });
    expect(read).toHaveBeenCalledTimes(2);
    read.mockImplementation(() => Promise.resolve(realm));
    realm = new Map([['second', second]]);
    nowMs += 1000;
    expect(await keys.find('second')).toBe(second);
  });

  it('go on being used while the realm does not answer, and are given up when the realm gives them up', async () => {
    await keys.refresh();
    read.mockRejectedValueOnce(new Error('down'));
    expect(await keys.refresh()).toBe(false);
    expect(await keys.find('first')).toBe(first);
    realm = new Map([['second', second]]);
    expect(await keys.refresh()).toBe(true);
    expect(await keys.find('first')).toBeUndefined();
  });

  it('are unavailable until they were read once, and asked for once a second', async () => {
    read.mockRejectedValue(new Error('down'));
    for (let request = 0; request < 5; request++)
      await expect(keys.find('first')).rejects.toMatchObject({
        type: KeysUnavailable.definition.type,
        status: 503,
        headers: { 'retry-after': '5' },
      });
    expect(read).toHaveBeenCalledTimes(1);
    expect(keys.status()).toEqual({ loaded: false, ageMs: undefined, kids: [] });
    read.mockResolvedValue(realm);
    nowMs += 1000;
    expect(await keys.find('first')).toBe(first);
  });

  it('are read from start-up on and again after 30 s, until shutdown', async () => {
    await withoutWaiting(async () => {
      keys.onModuleInit();
      await pass(29_000);
      expect(read).toHaveBeenCalledTimes(1);
      await pass(2000);
      expect(read).toHaveBeenCalledTimes(2);
      keys.onModuleDestroy();
      await pass(60_000);
      expect(read).toHaveBeenCalledTimes(2);
    });
  });
});

describe('a JWKS', () => {
  const jwk = (of: KeyObject, more: object): object => ({ ...of.export({ format: 'jwk' }), ...more });

  it('gives the keys that may sign access tokens and no others', () => {
    const found = signingKeys({
      keys: [
        jwk(first, { kid: 'full', use: 'sig', alg: 'RS256' }),
        jwk(first, { kid: 'bare' }),
        jwk(first, { kid: 'encryption', use: 'enc', alg: 'RSA-OAEP' }),
        jwk(first, { kid: 'other-algorithm', use: 'sig', alg: 'PS256' }),
        jwk(first, {}),
        jwk(key(1024), { kid: 'short', use: 'sig', alg: 'RS256' }),
        { kty: 'oct', kid: 'secret', k: 'c2VjcmV0' },
        { kty: 'EC', kid: 'curve', crv: 'P-256', x: 'a', y: 'b' },
      ],
    });
    expect([...found.keys()]).toEqual(['full', 'bare']);
  });

  it.each([[{}], [null], ['keys'], [{ keys: 'none' }]])('is not %j', (document) => {
    expect(() => signingKeys(document)).toThrow();
  });
});
