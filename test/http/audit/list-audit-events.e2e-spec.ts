import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PASSWORD_MARK } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';

const cursorOf = (at: string, id: string) => Buffer.from(JSON.stringify([at, id])).toString('base64url');

describe('GET /admin/audit', () => {
  const api = useAuthApi('list-audit-events');
  const list = (token: string, query = '') => api.get(`/admin/audit${query}`, { token });

  describe('200', () => {
    it('every write is on record: by whom, to what, from where, in which request', async () => {
      const [admin, guest] = [await api.anyAdmin(), await api.guest()];
      const { accessToken: token, id } = guest;
      const username = `a-${randomUUID().slice(0, 13)}`;
      const requestId = `test-${randomUUID()}`;
      await api.post('/auth/upgrade', {
        token,
        headers: { 'x-request-id': requestId },
        body: { username, email: `${username}@example.com` },
      });
      await api.post('/auth/password', { token, body: { new_password: `${PASSWORD_MARK}-${randomUUID()}` } });
      const old = await api.key(guest, { name: 'one' });
      await api.call('PATCH', `/auth/api-keys/${old.id}`, { token, body: { name: 'two' } });
      const { body: rotated } = await api.post(`/auth/api-keys/${old.id}/rotate`, { token });
      await api.call('DELETE', `/auth/api-keys/${old.id}`, { token });
      await api.post(`/admin/users/${id}/keys/revoke`, { token: admin.accessToken });

      const actions = async (target: string) => {
        const { status, body } = await list(admin.accessToken, `?target=${target}`);
        expect(status).toBe(200);
        return body.items.map(({ action, actor }: { action: string; actor: string }) => [action, actor]);
      };
      expect(await actions(`user:${id}`)).toEqual([
        ['password.changed', id],
        ['guest.upgraded', id],
        ['guest.created', id],
      ]);
      expect(await actions(`api-key:${old.id}`)).toEqual([
        ['api-key.revoked', id],
        ['api-key.rotated', id],
        ['api-key.renamed', id],
        ['api-key.created', id],
      ]);
      expect(await actions(`api-key:${rotated.id}`)).toEqual([['api-key.revoked', admin.id]]);
      const { body } = await list(admin.accessToken, `?target=user:${id}`);
      const upgraded = body.items.find(({ action }: { action: string }) => action === 'guest.upgraded');
      expect(upgraded).toMatchObject({ request_id: requestId, address: '127.0.0.1', details: { username } });
    });

    it('pages show each entry once, newest first', async () => {
      const { accessToken: token } = await api.anyAdmin();
      await Promise.all(Array.from({ length: 12 }, () => api.guest()));
      const seen: { id: string; at: string }[] = [];
      for (let cursor: string | null | undefined; cursor !== null;) {
        const { body } = await list(token, `?limit=5${cursor === undefined ? '' : `&cursor=${cursor}`}`);
        seen.push(...body.items);
        cursor = body.next_cursor;
      }
      const [{ n } = { n: 0 }] = await api.sql<{ n: number }>('SELECT count(*)::int AS n FROM audit_events');
      expect(new Set(seen.map(({ id }) => id)).size).toBe(n);
      expect(seen).toHaveLength(n);
      expect(seen.map(({ at }) => at)).toEqual(
        seen
          .map(({ at }) => at)
          .sort()
          .reverse(),
      );
    });

    it('nobody can change or delete an entry, not in SQL either', async () => {
      await api.guest();
      for (const change of [
        `UPDATE audit_events SET actor = NULL`,
        `DELETE FROM audit_events`,
        `TRUNCATE audit_events`,
      ])
        await expect(api.sql(change)).rejects.toThrow('the audit trail is append-only');
    });
  });

  describe('400', () => {
    it.each([
      ['limit', '?limit=0'],
      ['limit', '?limit=501'],
      ['limit', '?limit=many'],
      ['target', '?target=%00'],
      ['target', `?target=${'a'.repeat(201)}`],
      ['target', '?target=user%20x'],
      ['cursor', '?cursor=nope'],
      ['cursor', `?cursor=${cursorOf('2026-02-31T00:00:00.000Z', randomUUID())}`],
      ['cursor', `?cursor=${cursorOf('2026-01-01T00:00:00.000Z', '-'.repeat(36))}`],
      ['cursor', `?cursor=${cursorOf('+275760-01-01T00:00:00.000Z', randomUUID())}`],
      ['cursor', `?cursor=${Buffer.from('null').toString('base64url')}`],
      ['since', '?since=yesterday'],
    ])('%s is named: %.60s', async (field, query) => {
      const { status, body } = await list((await api.anyAdmin()).accessToken, query);
      expect({ status, fields: body.errors.map((fault: { field: string }) => fault.field) }).toEqual({
        status: 400,
        fields: [field],
      });
    });
  });

  describe('401', () => {
    it("a stranger and an administrator's API key are refused", async () => {
      const { key } = await api.key(await api.anyAdmin());
      expect((await api.get('/admin/audit')).body.reason).toBe('missing');
      expect((await api.get('/admin/audit', { apiKey: key })).body.reason).toBe('token-required');
    });
  });

  describe('403', () => {
    it('nobody reads it without the role admin', async () => {
      const { status, body } = await list((await api.anyone()).accessToken);
      expect({ status, roles: body.roles }).toEqual({ status: 403, roles: ['admin'] });
    });
  });
});
