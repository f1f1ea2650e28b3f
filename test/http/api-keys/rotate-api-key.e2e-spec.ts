import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';

const DAY_MS = 86_400_000;

describe('POST /auth/api-keys/{id}/rotate', () => {
  const api = useAuthApi('rotate-api-key');
  const rotate = (id: string, token: string, body?: Readonly<Record<string, unknown>>) =>
    api.post(`/auth/api-keys/${id}/rotate`, { token, body });
  const show = async (id: string, token: string) => (await api.get(`/auth/api-keys/${id}`, { token })).body;

  describe('201', () => {
    it('makes a key like the old one, which works for a day more', async () => {
      const member = await api.member();
      const wanted = { name: 'robot', expires_in_days: 30, scopes: ['llm', 'mcp:read'] };
      const old = await api.key(member, wanted);
      const { status, body } = await rotate(old.id, member.accessToken);
      expect(status).toBe(201);
      expect(body).toMatchObject({ name: 'robot', scopes: ['llm', 'mcp:read'], status: 'active' });
      expect(body.id).not.toBe(old.id);
      expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(30 * DAY_MS);
      expect((await api.validate(body.key)).status).toBe(200);
      expect((await api.validate(old.key)).status).toBe(200);
      const before = await show(old.id, member.accessToken);
      expect(before.replaced_by).toBe(body.id);
      expect(Math.abs(Date.parse(before.expires_at) - Date.now() - DAY_MS)).toBeLessThan(10_000);
    });

    it('is kept by no cache, and says where to read the new key', async () => {
      const member = await api.member();
      const { headers, body } = await rotate((await api.key(member)).id, member.accessToken);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('location')).toBe(`/auth/api-keys/${body.id}`);
    });

    it('with an overlap of a second the old key ends after that second', async () => {
      const member = await api.member();
      const old = await api.key(member);
      await api.validate(old.key); // cached: time passes there as well
      const { body } = await rotate(old.id, member.accessToken, { overlap_seconds: 1 });
      expect((await api.validate(old.key)).status).toBe(200);
      await eventually(async () => (await api.validate(old.key)).status === 401, 'the old key ends', 3000);
      expect((await api.validate(old.key)).body.reason).toBe('expired');
      expect((await api.validate(body.key)).status).toBe(200);
    });

    it('with no overlap the old key ends at once, also where it was cached', async () => {
      const member = await api.member();
      const old = await api.key(member);
      await api.validate(old.key);
      const { body } = await rotate(old.id, member.accessToken, { overlap_seconds: 0 });
      expect((await api.validate(old.key)).body.reason).toBe('revoked');
      expect((await api.validate(body.key)).status).toBe(200);
      expect(await show(old.id, member.accessToken)).toMatchObject({
        status: 'revoked',
        replaced_by: body.id,
      });
    });

    it('an overlap never makes a key live longer than it would have', async () => {
      const member = await api.member();
      const old = await api.key(member, { name: 'short', expires_in_days: 1 });
      const { expires_at: before } = await show(old.id, member.accessToken);
      await rotate(old.id, member.accessToken, { overlap_seconds: 2_592_000 });
      expect((await show(old.id, member.accessToken)).expires_at).toBe(before);
    });

    it('who rotates a key again before its overlap ends gets one that lives as long as the first', async () => {
      const member = await api.member();
      const { id } = await api.key(member, { name: 'robot', expires_in_days: 30 });
      for (let again = 0; again < 3; again++) {
        const { body } = await rotate(id, member.accessToken, { overlap_seconds: 60 });
        expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(30 * DAY_MS);
      }
    });

    it('a key with scope keys may replace itself', async () => {
      const { id, key } = await api.key(await api.member(), { name: 'robot', scopes: ['keys', 'llm'] });
      const { status, body } = await api.post(`/auth/api-keys/${id}/rotate`, {
        apiKey: key,
        body: { overlap_seconds: 0 },
      });
      expect({ status, scopes: body.scopes }).toEqual({ status: 201, scopes: ['keys', 'llm'] });
    });

    it('at the limit it needs no free place when the old key ends at once', async () => {
      const member = await api.member();
      const keys = await Promise.all(Array.from({ length: 20 }, () => api.key(member)));
      const id = keys[0]?.id ?? '';
      const refused = await rotate(id, member.accessToken, { overlap_seconds: 60 });
      expect({ status: refused.status, type: refused.body.type }).toEqual({
        status: 409,
        type: '/docs/problems/api-keys/limit-reached',
      });
      expect((await rotate(id, member.accessToken, { overlap_seconds: 0 })).status).toBe(201);
    });

    it('is on record', async () => {
      const member = await api.member();
      const old = await api.key(member);
      const { body } = await rotate(old.id, member.accessToken);
      expect(
        await api.sql(
          `SELECT actor, details FROM audit_events WHERE target = $1 AND action = 'api-key.rotated'`,
          [`api-key:${old.id}`],
        ),
      ).toEqual([{ actor: member.id, details: { new_key: body.id } }]);
    });
  });

  describe('400', () => {
    it.each([
      [-1, 'must be at least 0'],
      [2_592_001, 'must be at most 2592000'],
      [0.5, 'must be a whole number'],
      ['60', 'must be a whole number'],
      [null, 'must be a whole number'],
    ])('an overlap of %j is refused', async (overlap, detail) => {
      const member = await api.anyone();
      const { id } = await api.key(member);
      const { status, body } = await rotate(id, member.accessToken, { overlap_seconds: overlap });
      expect({ status, errors: body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'overlap_seconds', detail }],
      });
    });
  });

  describe('401', () => {
    it('a stranger is refused', async () => {
      expect((await api.post(`/auth/api-keys/${randomUUID()}/rotate`)).status).toBe(401);
    });
  });

  describe('403', () => {
    it('a key cannot come to scopes it lacks by rotating a stronger key', async () => {
      const member = await api.member();
      const [weak, strong] = [
        await api.key(member, { name: 'weak', scopes: ['keys'] }),
        await api.key(member, { name: 'strong', scopes: ['keys', 'llm'] }),
      ];
      const { status, body } = await api.post(`/auth/api-keys/${strong.id}/rotate`, { apiKey: weak.key });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/api-keys/scope-not-yours',
      });
      expect((await show(strong.id, member.accessToken)).replaced_by).toBeNull();
    });

    it('a tier cannot be kept by rotation once its role is gone', async () => {
      const admin = await api.admin();
      const { id } = await api.key(admin, { name: 'platinum', tier: 'platinum' });
      expect((await rotate(id, admin.accessToken)).status).toBe(201);
      await api.keycloak.revokeRole(admin.id, 'admin');
      await eventually(
        async () =>
          (await rotate(id, admin.accessToken)).body.type === '/docs/problems/api-keys/tier-not-yours',
        'the role is gone',
        5000,
      );
    });
  });

  describe('404', () => {
    it("another's key is not rotated", async () => {
      const [owner, stranger] = [await api.member(), await api.member()];
      const { id, key } = await api.key(owner);
      expect((await rotate(id, stranger.accessToken, { overlap_seconds: 0 })).status).toBe(404);
      expect((await api.validate(key)).status).toBe(200);
    });
  });

  describe('409', () => {
    it.each(['revoked', 'expired'])('a key that is %s cannot be rotated', async (end) => {
      const member = await api.member();
      const { id } = await api.key(member);
      if (end === 'revoked') await api.call('DELETE', `/auth/api-keys/${id}`, { token: member.accessToken });
      else await api.sql(`UPDATE api_keys SET expires_at = now() WHERE id = $1`, [id]);
      const { status, body } = await rotate(id, member.accessToken);
      expect({ status, type: body.type }).toEqual({ status: 409, type: '/docs/problems/api-keys/ended' });
      expect(body.detail).toContain(end);
    });

    it('of many rotations at once each counts against the limit', async () => {
      const member = await api.member();
      await Promise.all(Array.from({ length: 17 }, () => api.key(member)));
      const { id } = await api.key(member);
      const answers = await Promise.all(Array.from({ length: 8 }, () => rotate(id, member.accessToken)));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
      expect(answers.filter(({ status }) => status === 409)).toHaveLength(6);
    });
  });
});
