import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { newEndUserEmail, useApplications } from '../../support/applications.js';
import { eventually } from '../../support/auth-api.js';

describe('POST /applications/{id}/subscriptions/{sid}/refuse', () => {
  const scene = useApplications('refuse-subscription');
  const { api, application, subscribe, implicit, decide, register, trail, consumers, withoutKong } = scene;

  describe('200', () => {
    it('tells the owner why, and repeated changes nothing', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id, { plan: 'premium' });
      const { status, body } = await decide(admin, id, made.id, 'refuse', { reason: 'Ask again in May.' });
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { status: 'refused', active: false, reason: 'Ask again in May.' },
      });
      const path = `/applications/${id}/subscriptions/${made.id}`;
      expect((await api.get(path, { token: owner.accessToken })).body).toEqual(body);
      expect((await decide(admin, id, made.id, 'refuse')).body).toEqual(body);
      expect((await trail(`subscription:${made.id}`)).slice(1)).toEqual([
        {
          action: 'subscription.refused',
          actor: admin.id,
          details: { application: id, api: 'echo', reason: 'Ask again in May.' },
        },
      ]);
    });

    it('what was approved stops: its consumer is gone, out of Kong too', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id);
      expect((await decide(admin, id, made.id, 'refuse')).status).toBe(200);
      expect(await consumers(`${id}$%`)).toEqual([]);
      const left = (await scene.projection.list('consumers')).filter(
        ({ username }) => username === `${id}$echo`,
      );
      expect(left).toEqual([]);
    });

    it('in the implicit flow its end users are gone', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner);
      const email = newEndUserEmail();
      await register(admin, { email, api: 'echo', application_id: id });
      const { body } = await api.get(`/applications/${id}/subscriptions`, { token: owner.accessToken });
      await decide(admin, id, body.items[0].id, 'refuse');
      await eventually(async () => (await consumers(`${email}$%`)).length === 0, 'the end user is gone');
      expect((await register(admin, { email, api: 'echo', application_id: id })).status).toBe(409);
    });
  });

  describe('202', () => {
    it('Kong is away: it works there until Kong is back', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id);
      const { status, body } = await withoutKong(() => decide(admin, id, made.id, 'refuse'));
      expect({ status, body }).toMatchObject({ status: 202, body: { status: 'refused', active: false } });
      await eventually(async () => (await consumers(`${id}$%`)).length === 0, 'Kong has lost it');
    });
  });

  describe('400', () => {
    it.each([{ reason: '' }, { reason: 'a'.repeat(501) }, { reason: 'a\u0000b' }, { reason: null }])(
      '%.40j',
      async (body) => {
        const admin = await api.anyAdmin();
        const answer = await decide(admin, 'any-application', randomUUID(), 'refuse', body);
        expect({ status: answer.status, field: answer.body.errors[0].field }).toEqual({
          status: 400,
          field: 'reason',
        });
      },
    );
  });

  describe('403', () => {
    it('is for administrators', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id);
      expect((await decide(owner, id, made.id, 'refuse')).status).toBe(403);
      expect(await consumers(`${id}$%`)).toMatchObject([{ isRemoved: false }]);
    });
  });

  describe('404', () => {
    it('there is no such subscription', async () => {
      const admin = await api.anyAdmin();
      expect((await decide(admin, 'no-such-application', randomUUID(), 'refuse')).status).toBe(404);
    });
  });
});
