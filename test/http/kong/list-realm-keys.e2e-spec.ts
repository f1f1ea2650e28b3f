import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';
import { OwnRealm } from '../../support/own-realm.js';

describe('GET /kong/keys', () => {
  let realm: OwnRealm;
  const settings: Record<string, string> = { KONG_JWT_PLUGIN: 'jwt' };
  beforeAll(async () => {
    realm = await OwnRealm.createLikeOurs();
    Object.assign(settings, realm.authApi());
  });
  const api = useAuthApi('list-realm-keys', settings);

  describe('200', () => {
    it('shows each key that the realm publishes, and one that it published until a moment ago as retired', async () => {
      const token = await (await realm.administrator()).token();
      const list = async () => (await api.get('/kong/keys', { token })).body.keys;
      const [signing] = await realm.keys();
      const gone = await realm.addKey(1);
      await eventually(async () => (await list()).length === 2, 'the new key is known');
      const before = await list();
      expect(new Set(before.map(({ kid, status }: Listed) => `${kid} ${status}`))).toEqual(
        new Set([`${signing?.kid} active`, `${gone.kid} active`]),
      );
      await gone.remove();
      const statusOf = async (kid: string) => (await list()).find((key: Listed) => key.kid === kid);
      await eventually(async () => (await statusOf(gone.kid))?.status === 'retired', 'the key is retired');
      const wasSince = before.find(({ kid }: Listed) => kid === gone.kid).since;
      expect(Date.parse((await statusOf(gone.kid)).since)).toBeGreaterThan(Date.parse(wasSince));
      expect(await statusOf(signing?.kid ?? '')).toEqual({
        kid: signing?.kid,
        status: 'active',
        since: before.find(({ kid }: Listed) => kid === signing?.kid).since,
      });
    });

    it('who noticed is nobody: it is on record as the system', async () => {
      const acts = await api.sql(
        `SELECT DISTINCT action, actor FROM audit_events WHERE target LIKE 'realm-key:%' ORDER BY action`,
      );
      expect(acts).toEqual([
        { action: 'realm-key.published', actor: null },
        { action: 'realm-key.retired', actor: null },
      ]);
    });

    it('a key retired for longer than its tokens live is forgotten', async () => {
      const [{ count: before }] = (await api.sql('SELECT count(*)::int AS count FROM realm_keys')) as [
        { count: number },
      ];
      expect(before).toBe(2);
      await api.sql(
        `UPDATE realm_keys SET retired_at = now() - interval '1 hour' WHERE retired_at IS NOT NULL`,
      );
      const token = await (await realm.administrator()).token();
      expect((await api.get('/kong/keys', { token })).body.keys).toHaveLength(2);
      await api.sql(
        `UPDATE realm_keys SET retired_at = now() - interval '61 minutes' WHERE retired_at IS NOT NULL`,
      );
      await eventually(
        async () => (await api.get('/kong/keys', { token })).body.keys.length === 1,
        'the retired key is gone',
      );
    });
  });

  describe('403', () => {
    it('for whoever is no administrator', async () => {
      const token = await (await realm.person()).token();
      expect((await api.get('/kong/keys', { token })).status).toBe(403);
    });
  });
});

interface Listed {
  readonly kid: string;
  readonly status: string;
}
