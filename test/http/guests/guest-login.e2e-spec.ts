import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { newGuest } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';

const UUID = /^[0-9a-f-]{36}$/;

/** Asked by background work whenever it likes. */
const IN_THE_BACKGROUND = ['admin-events', 'user-events', 'service-token', 'read-jwks'];

describe('POST /auth/guest-login', () => {
  const api = useAuthApi('guest-login');

  const keycloakCalls = async (): Promise<number> => {
    const all = await api.process.metric('keycloak_requests_total');
    const background = await Promise.all(
      IN_THE_BACKGROUND.map((operation) => api.process.metric('keycloak_requests_total', { operation })),
    );
    return background.reduce((rest, count) => rest - count, all);
  };

  describe('201', () => {
    it('gives a stranger an identity and tokens in one call', async () => {
      const { status, headers, body } = await api.post('/auth/guest-login');
      expect(status).toBe(201);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toMatchObject({
        user_id: expect.stringMatching(UUID),
        username: expect.stringMatching(/^guest-/),
        guest: true,
        token_type: 'Bearer',
      });
      expect(body.expires_in).toBeLessThanOrEqual(3600);
      expect(body.refresh_expires_in).toBeLessThanOrEqual(86_400);
      expect(decodeJwt(body.access_token)).toMatchObject({
        sub: body.user_id,
        guest: true,
        azp: 'guest-issuer',
      });
      expect((await api.me(body.access_token)).body).toMatchObject({
        id: body.user_id,
        guest: true,
        roles: ['guest'],
        email: null,
        auth_method: 'jwt',
      });
    });

    it('makes each caller a guest of his own', async () => {
      const guests = await Promise.all(Array.from({ length: 5 }, () => api.guest()));
      expect(new Set(guests.map(({ id }) => id)).size).toBe(5);
    });

    it('takes at most two calls to Keycloak and hashes no password', async () => {
      await api.guest(); // the service account has its token now
      const before = await keycloakCalls();
      const guests = await Promise.all(Array.from({ length: 5 }, () => api.guest()));
      expect((await keycloakCalls()) - before).toBeLessThanOrEqual(10);
      const { body: credentials } = await api.keycloak.request('GET', `/users/${guests[0]?.id}/credentials`);
      expect(credentials).toEqual([]);
    });

    it('makes a user in group guests, with role guest and the attribute guest', async () => {
      const { id, username } = await api.guest();
      expect(await api.keycloak.user(id)).toMatchObject({
        username,
        enabled: true,
        attributes: { guest: ['true'] },
      });
      expect(await api.keycloak.groups(id)).toEqual(['guests']);
      expect(await api.keycloak.realmRoles(id)).toContain('guest');
      expect(await api.keycloak.realmRoles(id)).not.toContain('user');
    });

    it('puts the refresh token into a cookie, and only there, for a page that asks', async () => {
      const { body, headers } = await api.post('/auth/guest-login', { body: { refresh_cookie: true } });
      expect(body.refresh_token).toBeUndefined();
      expect(headers.get('set-cookie')).toMatch(
        /^gatehouse_refresh=[\w.-]+; Path=\/auth; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
      );
    });

    it('is on record, with the address it came from and not the one it claims', async () => {
      const { body } = await api.post('/auth/guest-login', { headers: { 'x-forwarded-for': '203.0.113.9' } });
      const id = body.user_id as string;
      expect(
        await api.sql('SELECT action, actor, address FROM audit_events WHERE target = $1', [`user:${id}`]),
      ).toEqual([{ action: 'guest.created', actor: id, address: '127.0.0.1' }]);
    });
  });

  describe('400', () => {
    it('names the field that is no flag', async () => {
      const { status, body } = await api.post('/auth/guest-login', { body: { refresh_cookie: 'yes' } });
      expect(status).toBe(400);
      expect(body.errors).toEqual([{ field: 'refresh_cookie', detail: 'must be true or false' }]);
    });
  });
});

describe('POST /auth/guest-login under the limits of production', () => {
  const api = useAuthApi('guest-limits', { LIMITS_PROFILE: 'production', TRUSTED_PROXIES: '127.0.0.1' });
  const from = (address: string) =>
    api.post('/auth/guest-login', { headers: { 'x-forwarded-for': address } });

  describe('429', () => {
    it('bounds one address, by /64 for IPv6, and leaves others alone', async () => {
      const many = await Promise.all(
        Array.from({ length: 25 }, (_, i) => from(`2001:db8::${(i + 1).toString(16)}`)),
      );
      const statuses = many.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(20);
      expect(statuses.filter((status) => status === 429)).toHaveLength(5);
      const refused = many.find(({ status }) => status === 429);
      expect(refused?.body.type).toBe('/docs/problems/request/too-many');
      expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await from('2001:db8:0:1::1')).status).toBe(201);
    });

    it('bounds the guests of one address in a day', async () => {
      await from('198.51.100.7');
      await api.sql(
        `INSERT INTO guests (username, state, client_network, created_at, state_changed_at)
         SELECT 'guest-filler-' || n, 'abandoned', '198.51.100.7', now(), now() FROM generate_series(1, 199) AS n`,
      );
      const { status, body } = await from('198.51.100.7');
      expect(status).toBe(429);
      expect(body.type).toBe('/docs/problems/guests/too-many');
    });

    it('believes the address only of a proxy that is trusted', async () => {
      const { url } = api;
      await expect(newGuest(url)).resolves.toBeDefined();
      const rows = await api.sql<{ address: string }>(
        `SELECT DISTINCT address FROM audit_events WHERE action = 'guest.created'`,
      );
      expect(rows.map(({ address }) => address)).toEqual(
        expect.arrayContaining(['127.0.0.1', '2001:db8:0:1::1']),
      );
    });
  });
});
