import { describe, expect, it } from '@jest/globals';
import { eventually, sha256 } from '../../support/auth-api.js';
import { newGuest } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';

const DAY_MS = 86_400_000;

describe('POST /auth/api-keys where keys live 30 days at most', () => {
  const api = useAuthApi('short-lived-keys', { API_KEY_MAX_DAYS: '30' });

  it('201: a key that asks for no lifetime gets no longer one', async () => {
    const { accessToken: token } = await api.anyone();
    const { body } = await api.post('/auth/api-keys', { token, body: { name: 'x' } });
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(30 * DAY_MS);
  });

  it('400: a longer one is refused, and the limit named', async () => {
    const { accessToken: token } = await api.anyone();
    const answer = await api.post('/auth/api-keys', { token, body: { name: 'x', expires_in_days: 31 } });
    expect(answer.body.errors).toEqual([{ field: 'expires_in_days', detail: 'must be at most 30' }]);
  });
});

describe('POST /auth/api-keys', () => {
  const api = useAuthApi('create-api-key');
  const create = (token: string, body: Readonly<Record<string, unknown>> = { name: 'test' }) =>
    api.post('/auth/api-keys', { token, body });

  describe('201', () => {
    it('shows the key this once, and it works at once', async () => {
      const member = await api.member();
      const { status, body } = await create(member.accessToken, { name: '  laptop ' });
      expect(status).toBe(201);
      expect(body).toMatchObject({
        name: 'laptop',
        status: 'active',
        scopes: ['llm', 'media', 'responses', 'mcp'],
        tier: null,
        last_used_at: null,
        revoked_at: null,
        replaced_by: null,
      });
      expect(body.key).toMatch(/^sk_live_[0-9A-Za-z]{38}$/);
      expect(body.prefix).toBe(body.key.slice(0, 12));
      expect(body.suffix).toBe(body.key.slice(-4));
      expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(90 * DAY_MS);
      expect((await api.validate(body.key)).body).toMatchObject({ valid: true, key_id: body.id });

      const listed = await api.get(`/auth/api-keys/${body.id}`, { token: member.accessToken });
      expect(listed.body).toEqual({ ...body, key: undefined });
    });

    it('is kept by no cache, and says where to read what is left of it', async () => {
      const { accessToken: token } = await api.member();
      const { headers, body } = await create(token);
      expect(headers.get('cache-control')).toBe('no-store');
      expect((await api.get(headers.get('location') ?? '', { token })).body).toEqual({
        ...body,
        key: undefined,
      });
    });

    it('keeps the hash alone, in the database and, a moment later, in Keycloak', async () => {
      const member = await api.member();
      const { body } = await create(member.accessToken);
      const [row] = await api.sql('SELECT * FROM api_keys WHERE id = $1', [body.id]);
      expect(row?.['hash']).toBe(sha256(body.key));
      expect(JSON.stringify(row)).not.toContain(body.key);
      const mirrored = async () =>
        ((await api.keycloak.user(member.id))?.['attributes'] as Record<string, string[]>)['api_keys'];
      await eventually(async () => (await mirrored())?.length === 1, 'the mirror has the key');
      expect(await mirrored()).toEqual([`${body.id}:${sha256(body.key)}`]);
    });

    it('takes description for name, a lifetime and scopes', async () => {
      const member = await api.member();
      const wanted = { description: 'ci', expires_in_days: 365, scopes: ['llm:read', 'keys'] };
      const { body } = await create(member.accessToken, wanted);
      expect(body).toMatchObject({ name: 'ci', scopes: ['llm:read', 'keys'] });
      expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(365 * DAY_MS);
    });

    it('right after his upgrade a person makes keys with the token he had as a guest', async () => {
      const guest = await newGuest(api.url);
      expect((await create(guest.accessToken)).status).toBe(403);
      const username = `u-${guest.id.slice(0, 13)}`;
      await api.post('/auth/upgrade', {
        token: guest.accessToken,
        body: { username, email: `${username}@example.com` },
      });
      const { status, body } = await create(guest.accessToken);
      expect(status).toBe(201);
      expect((await api.validate(body.key)).body).toMatchObject({ guest: false, username, roles: ['user'] });
    });

    it('a key with scope keys makes keys, but none that may do more than itself', async () => {
      const member = await api.member();
      const { key } = await api.key(member, { name: 'robot', scopes: ['keys', 'llm'] });
      const { status, body } = await api.post('/auth/api-keys', {
        apiKey: key,
        body: { name: 'made by a key' },
      });
      expect({ status, scopes: body.scopes }).toEqual({ status: 201, scopes: ['llm'] });
      const refused = await api.post('/auth/api-keys', {
        apiKey: key,
        body: { name: 'x', scopes: ['llm', 'media'] },
      });
      expect(refused.status).toBe(403);
      expect(refused.body).toMatchObject({
        type: '/docs/problems/api-keys/scope-not-yours',
        detail: /media/,
      });
    });

    it('a tier needs its role, or the role admin', async () => {
      const member = await api.member();
      await api.keycloak.request('POST', '/roles', { name: 'tier:gold' });
      await api.keycloak.grantRole(member.id, 'tier:gold');
      await eventually(
        async () => (await create(member.accessToken, { name: 'gold', tier: 'gold' })).status === 201,
        'the role is known',
        5000,
      );
      expect((await create(member.accessToken, { name: 'x', tier: 'platinum' })).status).toBe(403);
      const admin = await api.anyAdmin();
      const { body } = await create(admin.accessToken, { name: 'x', tier: 'platinum' });
      expect(body.tier).toBe('platinum');
      expect((await api.validate(body.key)).body.tier).toBe('platinum');
    });

    it('is on record, without the key', async () => {
      const member = await api.member();
      const { body } = await create(member.accessToken, { name: 'recorded' });
      expect(
        await api.sql('SELECT action, actor, details FROM audit_events WHERE target = $1', [
          `api-key:${body.id}`,
        ]),
      ).toEqual([{ action: 'api-key.created', actor: member.id, details: { name: 'recorded' } }]);
    });
  });

  describe('400', () => {
    it.each([
      [{}, 'name', 'must be given, as name or as description'],
      [{ name: 'a'.repeat(129) }, 'name', 'must have at most 128 characters'],
      [{ name: 'a\ufe0f'.repeat(128) }, 'name', 'must have at most 128 characters'],
      [{ name: '  ' }, 'name', 'must not be empty'],
      [{ name: 'a\u0000b' }, 'name', 'must not contain control characters'],
      [{ name: 'x', expires_in_days: 0 }, 'expires_in_days', 'must be at least 1'],
      [{ name: 'x', expires_in_days: -1 }, 'expires_in_days', 'must be at least 1'],
      [{ name: 'x', expires_in_days: 1.5 }, 'expires_in_days', 'must be a whole number'],
      [{ name: 'x', expires_in_days: '30' }, 'expires_in_days', 'must be a whole number'],
      [{ name: 'x', expires_in_days: 366 }, 'expires_in_days', 'must be at most 365'],
      [{ name: 'x', expires_in_days: 1e300 }, 'expires_in_days', 'must be at most 365'],
      [{ name: 'x', scopes: 'llm' }, 'scopes', 'must be a list'],
      [{ name: 'x', scopes: ['everything'] }, 'scopes', expect.stringContaining('each must be one of llm')],
      [{ name: 'x', scopes: ['llm', 'llm'] }, 'scopes', 'must not have an entry twice'],
      [{ name: 'x', tier: 'Gold' }, 'tier', 'must be a tier name such as gold'],
      [{ name: 'x', tier: null }, 'tier', 'must be text'],
    ])('%j is refused at its field', async (body, field, detail) => {
      const answer = await create((await api.anyone()).accessToken, body);
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toEqual([{ field, detail }]);
    });
  });

  describe('401', () => {
    it('nobody makes a key without saying who he is', async () => {
      expect((await api.post('/auth/api-keys', { body: { name: 'x' } })).status).toBe(401);
    });

    it('a key that ended makes none', async () => {
      const member = await api.member();
      const { id, key } = await api.key(member, { name: 'robot', scopes: ['keys'] });
      await api.call('DELETE', `/auth/api-keys/${id}`, { token: member.accessToken });
      const { status, body } = await api.post('/auth/api-keys', { apiKey: key, body: { name: 'x' } });
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'revoked' });
    });
  });

  describe('403', () => {
    it('a guest is told how to upgrade', async () => {
      const { status, body } = await create((await api.guest()).accessToken);
      expect(status).toBe(403);
      expect(body).toMatchObject({
        type: '/docs/problems/users/guest-may-not',
        upgrade: { method: 'POST', href: '/auth/upgrade' },
      });
    });

    it('a key without scope keys is told which scope it lacks', async () => {
      const { key } = await api.key(await api.member());
      const { status, headers, body } = await api.post('/auth/api-keys', {
        apiKey: key,
        body: { name: 'x' },
      });
      expect({ status, scopes: body.scopes }).toEqual({ status: 403, scopes: ['keys'] });
      expect(headers.get('www-authenticate')).toContain('error="insufficient_scope", scope="keys"');
    });

    it('keys:read is not enough', async () => {
      const { key } = await api.key(await api.member(), { name: 'reader', scopes: ['keys:read'] });
      expect((await api.post('/auth/api-keys', { apiKey: key, body: { name: 'x' } })).status).toBe(403);
    });

    it('a tier without its role is refused', async () => {
      const { status, body } = await create((await api.anyone()).accessToken, { name: 'x', tier: 'gold' });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/api-keys/tier-not-yours',
      });
    });
  });

  describe('409', () => {
    it('50 keys made at once with a limit of 20 are exactly 20', async () => {
      const member = await api.member();
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => create(member.accessToken, { name: `key ${i}` })),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201)).toHaveLength(20);
      expect(statuses.filter((status) => status === 409)).toHaveLength(30);
      const refused = answers.find(({ status }) => status === 409);
      expect(refused?.body).toMatchObject({ type: '/docs/problems/api-keys/limit-reached', limit: 20 });
      expect(
        await api.sql('SELECT count(*)::int AS n FROM api_keys WHERE user_id = $1', [member.id]),
      ).toEqual([{ n: 20 }]);
    });

    it('a revoked key and an expired one give their place back', async () => {
      const member = await api.member();
      const ids = await Promise.all(Array.from({ length: 20 }, () => api.key(member)));
      expect((await create(member.accessToken)).status).toBe(409);
      await api.call('DELETE', `/auth/api-keys/${ids[0]?.id}`, { token: member.accessToken });
      expect((await create(member.accessToken)).status).toBe(201);
      await api.sql(`UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1`, [
        ids[1]?.id,
      ]);
      expect((await create(member.accessToken)).status).toBe(201);
      expect((await create(member.accessToken)).status).toBe(409);
    });
  });
});
