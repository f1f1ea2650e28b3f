import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { PrincipalModule, RealmKeys } from './index.js';
import { accessToken, gatewayIdentity, realmKey, testOptions } from './testing/credentials.js';
import { boot, get, TestRealm } from './testing/test-service.js';

const first = realmKey('first');
let realm: TestRealm;
let plain: INestApplication;

const bearer = (changes = {}, key = first) => ({ authorization: `Bearer ${accessToken(key, changes)}` });

beforeEach(async () => {
  realm = new TestRealm();
  realm.keys = [first];
  await realm.start();
  plain = await boot(
    PrincipalModule.forRoot(testOptions({ jwksUrl: `http://127.0.0.1:${realm.port}/certs` })),
  );
  await plain.get(RealmKeys).refresh();
});

afterEach(async () => {
  await plain.close();
  await realm.stop();
});

describe('the realm keys of a running service', () => {
  it('are not read again for 10,000 forged kids, and known tokens pass meanwhile', async () => {
    const before = realm.reads;
    const keys = plain.get(RealmKeys);
    await Promise.all(Array.from({ length: 10_000 }, (_, kid) => keys.find(`forged-${kid}`)));
    expect(await get(plain, '/me', bearer({}, { ...first, kid: 'forged' }))).toMatchObject({
      body: { reason: 'unknown-kid' },
    });
    expect(await get(plain, '/me', bearer())).toMatchObject({ status: 200 });
    expect(realm.reads - before).toBeLessThanOrEqual(2);
  });

  it('rotate without one refused request', async () => {
    const second = realmKey('second');
    realm.keys = [second, first];
    const before = realm.reads;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => get(plain, '/me', bearer({}, index % 2 ? first : second))),
    );
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(realm.reads - before).toBe(1);
  });

  it('rotate without one refused request while forged kids come in', async () => {
    const keys = plain.get(RealmKeys);
    let forged = 0;
    let flooding = true;
    const flood = Promise.all(
      Array.from({ length: 20 }, async () => {
        while (flooding) await keys.find(`forged-${forged++}`);
      }),
    );
    await keys.find('forged');
    const second = realmKey('second');
    realm.keys = [second, first];
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => get(plain, '/me', bearer({}, second))),
    );
    flooding = false;
    await flood;
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  });

  it('go on being used while the realm is away, and end with the realm', async () => {
    await realm.stop();
    expect(await plain.get(RealmKeys).refresh()).toBe(false);
    expect(await get(plain, '/me', bearer())).toMatchObject({ status: 200 });
    realm.keys = [realmKey('third')];
    await realm.start();
    expect(await plain.get(RealmKeys).refresh()).toBe(true);
    expect(await get(plain, '/me', bearer())).toMatchObject({ body: { reason: 'unknown-kid' } });
  });

  it('that were never there are an outage, graver than any bad credential beside them', async () => {
    const jwksUrl = 'http://127.0.0.1:1/certs';
    const app = await boot(PrincipalModule.forRoot(testOptions({ jwksUrl })));
    expect(app.get(RealmKeys).status().loaded).toBe(false);
    const identity = { 'x-gateway-identity': gatewayIdentity() };
    const headers = { ...bearer(), 'x-gateway-identity': 'nonsense' };
    expect(await get(app, '/me', headers)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { type: '/docs/problems/principal/keys-unavailable' },
    });
    expect(await get(app, '/me', identity)).toMatchObject({ status: 200 });
    await app.close();
  });
});
