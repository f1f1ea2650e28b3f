import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { entityId } from '../../../libs/config/src/index.js';
import { eventually, startAuthApi } from '../../support/auth-api.js';
import { useAuthApi } from '../../support/harness.js';
import { newStranger } from '../../support/keycloak-person.js';
import { testStack } from '../../support/stack.js';

describe('PUT /admin/users/{id}/limits', () => {
  const api = useAuthApi('set-user-limits');
  const set = (id: string, token: string, body?: unknown) =>
    api.call('PUT', `/admin/users/${id}/limits`, { token, body });
  const ownConsumer = async (userId: string) => {
    const [row] = await api.sql(
      `SELECT id, origin, username, custom_id, tags, groups, limits FROM consumers
       WHERE custom_id = $1 AND removed_at IS NULL`,
      [userId],
    );
    return row;
  };

  describe('200', () => {
    it('gives a person a consumer of his own, where the gateway looks for it', async () => {
      const [admin, member] = [await api.anyAdmin(), await api.member()];
      const { status, body } = await set(member.id, admin.accessToken, { per_minute: 5, per_hour: 100 });
      expect({ status, body }).toEqual({
        status: 200,
        body: {
          user_id: member.id,
          per_minute: 5,
          per_hour: 100,
          active: false,
          pending_since: expect.any(String),
          failure: null,
        },
      });
      expect(await ownConsumer(member.id)).toEqual({
        id: entityId('consumer', testStack().realm, member.id),
        origin: 'user',
        username: `user-${member.id}`,
        custom_id: member.id,
        tags: ['keycloak', 'registered'],
        groups: [],
        limits: { minute: 5, hour: 100 },
      });
    });

    it('says all of them: what is not named is no limit any more; each is on record', async () => {
      const [admin, member] = [await api.anyAdmin(), await api.member()];
      await set(member.id, admin.accessToken, { per_minute: 5 });
      const { body } = await set(member.id, admin.accessToken, { per_hour: 7 });
      expect(body).toMatchObject({ per_minute: null, per_hour: 7 });
      expect(
        await api.sql(
          `SELECT action, actor, details FROM audit_events WHERE target = $1 AND action LIKE 'user.%' ORDER BY at`,
          [`user:${member.id}`],
        ),
      ).toEqual([
        { action: 'user.limits-set', actor: admin.id, details: { per_minute: 5 } },
        { action: 'user.limits-set', actor: admin.id, details: { per_hour: 7 } },
      ]);
    });

    it.each([{}, undefined])(
      'a body that names none (%j) takes them away, and may do so again',
      async (none) => {
        const [{ accessToken: token }, member] = [await api.anyAdmin(), await api.member()];
        await set(member.id, token, { per_minute: 5 });
        for (let i = 0; i < 2; i++)
          expect((await set(member.id, token, none)).body).toMatchObject({
            user_id: member.id,
            per_minute: null,
            per_hour: null,
          });
        expect(await ownConsumer(member.id)).toBeUndefined();
        expect((await set(member.id, token, { per_minute: 6 })).body.per_minute).toBe(6);
      },
    );

    it('a guest is tagged as one, and as registered once he has upgraded', async () => {
      const [{ accessToken: token }, guest] = [await api.anyAdmin(), await api.guest()];
      await set(guest.id, token, { per_minute: 5 });
      expect((await ownConsumer(guest.id))?.['tags']).toEqual(['keycloak', 'guest']);
      const username = `u-${guest.id.slice(0, 13)}`;
      await api.post('/auth/upgrade', {
        token: guest.accessToken,
        body: { username, email: `${username}@example.com` },
      });
      await eventually(
        async () => JSON.stringify((await ownConsumer(guest.id))?.['tags']) === '["keycloak","registered"]',
        'the tag follows',
      );
      expect((await ownConsumer(guest.id))?.['limits']).toEqual({ minute: 5 });
    });

    it('reaches a person whom auth-api never met', async () => {
      const { id } = await newStranger(api.keycloak);
      const { status } = await set(id, (await api.anyAdmin()).accessToken, { per_hour: 1 });
      expect(status).toBe(200);
    });

    it('goes with the person who is deleted in Keycloak, on record', async () => {
      const [{ accessToken: token }, member] = [await api.anyAdmin(), await api.member()];
      await set(member.id, token, { per_minute: 5 });
      await api.keycloak.deleteUser(member.id);
      await eventually(async () => (await ownConsumer(member.id)) === undefined, 'his consumer is gone');
      expect(
        await api.sql(`SELECT actor FROM audit_events WHERE target = $1 AND action = 'user.limits-removed'`, [
          `user:${member.id}`,
        ]),
      ).toEqual([{ actor: null }]);
    });
  });

  describe('200, then a crash', () => {
    it('what nobody heard of a person is made up for at the next start', async () => {
      const [{ accessToken: token }, member, guest] = [
        await api.anyAdmin(),
        await api.member(),
        await api.guest(),
      ];
      await set(member.id, token, { per_minute: 5 });
      await set(guest.id, token, { per_minute: 5 });
      await api.sql('UPDATE users SET deleted_at = now(), enabled = false WHERE id = $1', [member.id]);
      await api.sql('UPDATE users SET guest = false WHERE id = $1', [guest.id]);
      const next = await startAuthApi('set-user-limits-next', { DATABASE_URL: api.process.databaseUrl });
      try {
        await eventually(async () => (await ownConsumer(member.id)) === undefined, 'his consumer is gone');
        await eventually(
          async () => JSON.stringify((await ownConsumer(guest.id))?.['tags']) === '["keycloak","registered"]',
          'the tag follows',
        );
      } finally {
        await next.stop();
      }
    });
  });

  describe('400', () => {
    it.each([
      [{ per_minute: 0 }, 'per_minute', 'must be at least 1'],
      [{ per_minute: -1 }, 'per_minute', 'must be at least 1'],
      [{ per_minute: 1.5 }, 'per_minute', 'must be a whole number'],
      [{ per_minute: '5' }, 'per_minute', 'must be a whole number'],
      [{ per_hour: null }, 'per_hour', 'must be a whole number'],
      [{ per_hour: 100_000_001 }, 'per_hour', 'must be at most 100000000'],
      [{ per_minute: 6, per_hour: 5 }, 'per_hour', 'must be at least per_minute'],
      [{ per_day: 5 }, 'per_day', 'is not a field of this request'],
    ])('%j is refused at its field', async (body, field, detail) => {
      const answer = await set((await api.anyone()).id, (await api.anyAdmin()).accessToken, body);
      expect({ status: answer.status, errors: answer.body.errors }).toEqual({
        status: 400,
        errors: [{ field, detail }],
      });
    });
  });

  describe('403', () => {
    it('nobody gives himself limits', async () => {
      const { id, accessToken } = await api.anyone();
      expect((await set(id, accessToken, { per_minute: 1000 })).status).toBe(403);
    });
  });

  describe('404', () => {
    it('there is no such person, or no more', async () => {
      const [{ accessToken: token }, member] = [await api.anyAdmin(), await api.member()];
      expect((await set(randomUUID(), token, { per_minute: 5 })).status).toBe(404);
      await api.keycloak.deleteUser(member.id);
      await eventually(
        async () => (await set(member.id, token, { per_minute: 5 })).status === 404,
        'auth-api knows that he is gone',
      );
      await eventually(async () => (await ownConsumer(member.id)) === undefined, 'nothing is left');
    });
  });
});
