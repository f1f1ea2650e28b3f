import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventually, GATEWAY_CALL_SECRET } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';

const PREVIOUS_SECRET = randomBytes(32).toString('base64url');
/** What DESIGN.md promises for a change made in Keycloak. */
const NOTICED_WITHIN_MS = 5000;
/** More than the work behind (user events, last uses) sends while a test counts. */
const BACKGROUND = 60;
/** Made up, and their checksums are right. */
const UNKNOWN = 'sk_live_000000000000000000000000000000002UYg5A';

describe('POST /auth/validate-api-key', () => {
  const api = useAuthApi('validate-api-key', { GATEWAY_CALL_SECRET_PREVIOUS: PREVIOUS_SECRET });
  const ask = (body: unknown, token: string | undefined = GATEWAY_CALL_SECRET) =>
    api.post('/auth/validate-api-key', { token, body });
  const reason = async (key: string) => (await api.validate(key)).body.reason;

  describe('200', () => {
    it('says whose key it is and what it may do', async () => {
      const member = await api.member();
      const { id, key } = await api.key(member, { name: 'test', scopes: ['llm', 'mcp:read'] });
      const { status, body } = await api.validate(key);
      expect(status).toBe(200);
      expect(body).toEqual({
        valid: true,
        key_id: id,
        user_id: member.id,
        subject: member.id,
        username: member.username,
        email: member.email,
        email_verified: false,
        guest: false,
        roles: ['user'],
        scopes: ['llm', 'mcp:read'],
        tier: null,
        expires_at: expect.any(String),
      });
    });

    it('takes the previous call secret too, while it is rotated', async () => {
      const { key } = await api.key(await api.anyone());
      expect((await ask({ api_key: key }, PREVIOUS_SECRET)).status).toBe(200);
    });

    it('knows a new name and role of the owner within 5 s', async () => {
      const member = await api.member();
      const { key } = await api.key(member);
      await api.validate(key);
      await api.keycloak.grantRole(member.id, 'admin');
      await eventually(
        async () => (await api.validate(key)).body.roles.includes('admin'),
        'the role is known',
        NOTICED_WITHIN_MS,
      );
    });

    it('takes at most one SQL statement uncached, and none cached', async () => {
      const member = await api.member();
      const keys = await Promise.all(Array.from({ length: 20 }, () => api.key(member)));
      const first = await statements(20, (i) => api.validate(keys[i]?.key ?? ''));
      expect(first).toBeLessThanOrEqual(20 + BACKGROUND);
      expect(await statements(200, () => api.validate(UNKNOWN))).toBeLessThanOrEqual(200 + BACKGROUND);
      expect(await statements(500, (i) => api.validate(keys[i % 20]?.key ?? ''))).toBeLessThanOrEqual(
        BACKGROUND,
      );
    });
  });

  describe('400', () => {
    it.each([
      [{}, 'must be given'],
      [{ api_key: '' }, 'must not be empty'],
      [{ api_key: 5 }, 'must be text'],
      [{ api_key: null }, 'must be text'],
      [{ api_key: ['sk_live_x'] }, 'must be text'],
      [{ api_key: 'a'.repeat(513) }, 'must have at most 512 characters'],
      [{ api_key: 'sk_live_\u0000' }, 'must not contain control characters'],
    ])('%.40j is refused at its field', async (body, detail) => {
      const answer = await ask(body);
      expect({ status: answer.status, errors: answer.body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'api_key', detail }],
      });
    });
  });

  describe('401', () => {
    it.each([
      ['malformed', 'sk_live_tooshort'],
      ['malformed', `xx_live_${'0'.repeat(38)}`],
      ['malformed', `sk_live_${'0'.repeat(37)}!`],
      ['bad-checksum', `sk_live_${'0'.repeat(38)}`],
      ['unknown-key', UNKNOWN],
    ])('%s: %s', async (wanted, key) => {
      const { status, body } = await api.validate(key);
      expect(status).toBe(401);
      expect(body).toMatchObject({ type: '/docs/problems/api-keys/refused', valid: false, reason: wanted });
    });

    it('bad-checksum: one letter of a good key typed wrong', async () => {
      const { key } = await api.key(await api.anyone());
      const wrong = key.slice(0, 20) + (key[20] === 'a' ? 'b' : 'a') + key.slice(21);
      expect(await reason(wrong)).toBe('bad-checksum');
    });

    it('revoked', async () => {
      const member = await api.anyone();
      const { id, key } = await api.key(member);
      await api.validate(key);
      await api.call('DELETE', `/auth/api-keys/${id}`, { token: member.accessToken });
      expect(await reason(key)).toBe('revoked');
    });

    it('expired: a key ends when its time comes, also where it is cached', async () => {
      const [uncached, cached] = [await api.key(await api.anyone()), await api.key(await api.anyone())];
      await api.sql(`UPDATE api_keys SET expires_at = now() WHERE id = $1`, [uncached.id]);
      expect(await reason(uncached.key)).toBe('expired');
      await api.sql(`UPDATE api_keys SET expires_at = now() + interval '2 seconds' WHERE id = $1`, [
        cached.id,
      ]);
      expect((await api.validate(cached.key)).status).toBe(200);
      await eventually(async () => (await reason(cached.key)) === 'expired', 'the key expires', 3000);
    });

    it('user-disabled: within 5 s, for keys and for running tokens, and back again when enabled', async () => {
      const member = await api.member();
      const { key } = await api.key(member);
      expect((await api.validate(key)).status).toBe(200);
      await api.keycloak.setEnabled(member.id, false);
      await eventually(
        async () =>
          (await reason(key)) === 'user-disabled' &&
          (await api.me(member.accessToken)).body.reason === 'user-disabled',
        'key and token are refused',
        NOTICED_WITHIN_MS,
      );
      expect((await api.get('/auth/me', { apiKey: key })).body.reason).toBe('user-disabled');
      await api.keycloak.setEnabled(member.id, true);
      await eventually(
        async () => (await api.validate(key)).status === 200,
        'the key works again',
        NOTICED_WITHIN_MS,
      );
    });

    it('user-deleted: within 5 s, for keys and for running tokens', async () => {
      const member = await api.member();
      const { key } = await api.key(member);
      expect((await api.validate(key)).status).toBe(200);
      await api.keycloak.deleteUser(member.id);
      await eventually(
        async () =>
          (await reason(key)) === 'user-deleted' &&
          (await api.me(member.accessToken)).body.reason === 'user-deleted',
        'key and token are refused',
        NOTICED_WITHIN_MS,
      );
    });

    it('a bad checksum costs no SQL statement', async () => {
      const typed = (i: number) => `sk_live_${String(i).padStart(38, '0')}`;
      expect(await statements(500, (i) => api.validate(typed(i)))).toBeLessThanOrEqual(BACKGROUND);
    });

    it.each([
      ['no secret', undefined],
      ['a wrong secret', 'x'.repeat(43)],
      ['an empty secret', ''],
      ['half of the secret', GATEWAY_CALL_SECRET.slice(0, 20)],
    ])('%s: it is for the gateway alone, and says nothing about the key', async (_name, secret) => {
      const { key } = await api.key(await api.anyone());
      const headers: Record<string, string> =
        secret === undefined ? {} : { authorization: `Bearer ${secret}` };
      const answer = await api.post('/auth/validate-api-key', { headers, body: { api_key: key } });
      expect({ status: answer.status, type: answer.body.type }).toEqual({
        status: 401,
        type: '/docs/problems/api-keys/gateway-only',
      });
    });

    it('a token of a person is no call secret, not even an administrator’s', async () => {
      const { accessToken } = await api.anyAdmin();
      expect((await ask({ api_key: UNKNOWN }, accessToken)).body.type).toBe(
        '/docs/problems/api-keys/gateway-only',
      );
    });
  });

  /** Statements on the requests' connections while `times` calls are made, ten at once. */
  async function statements(times: number, ask: (i: number) => Promise<unknown>): Promise<number> {
    const count = () => api.process.metric('storage_statements_total', { connection: 'requests' });
    const before = await count();
    for (let i = 0; i < times; i += 10) await Promise.all(Array.from({ length: 10 }, (_, j) => ask(i + j)));
    return (await count()) - before;
  }
});
