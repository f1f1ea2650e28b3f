import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { useApplications } from '../../support/applications.js';
import { eventually } from '../../support/auth-api.js';

describe('POST /applications/{id}/subscriptions/{sid}/approve', () => {
  const scene = useApplications('approve-subscription');
  const { api, application, subscribe, decide, trail, consumers, withoutKong } = scene;
  const waiting = async (plan = 'premium') => {
    const owner = await api.member();
    const id = await application(owner);
    return { owner, id, sid: (await subscribe(owner, id, { plan })).body.id as string };
  };

  describe('200', () => {
    it.each([
      ['standard', { minute: 300, hour: 10_000 }],
      ['premium', { minute: 1000, hour: 50_000 }],
    ])(
      'plan %s: it works with its limits, and the key is not for the administrator',
      async (plan, limits) => {
        const admin = await api.anyAdmin();
        const { id, sid } = await waiting(plan);
        const { status, headers, body } = await decide(admin, id, sid, 'approve');
        expect({ status, body }).toMatchObject({
          status: 200,
          body: { status: 'approved', active: true, decided_at: expect.any(String), credentials: null },
        });
        expect(headers.get('cache-control')).toBe('no-store');
        expect(await consumers(`${id}$%`)).toMatchObject([{ customId: sid, limits }]);
        expect((await trail(`subscription:${sid}`)).at(-1)).toEqual({
          action: 'subscription.approved',
          actor: admin.id,
          details: { application: id, api: 'echo' },
        });
      },
    );

    it('an administrator who is the owner is shown the key', async () => {
      const admin = await api.anyAdmin();
      const id = await application(admin);
      const { body: made } = await subscribe(admin, id, { plan: 'premium' });
      const { body } = await decide(admin, id, made.id, 'approve');
      expect(body.credentials.key).toMatch(/^[\w-]{43}$/);
    });

    it('repeated, also at the same moment, it changes nothing more', async () => {
      const admin = await api.anyAdmin();
      const { owner, id, sid } = await waiting();
      const answers = await Promise.all(Array.from({ length: 6 }, () => decide(admin, id, sid, 'approve')));
      expect(answers.every(({ status }) => status === 200 || status === 202)).toBe(true);
      const path = `/applications/${id}/subscriptions/${sid}/credentials`;
      const { body: before } = await api.get(path, { token: owner.accessToken });
      expect((await decide(admin, id, sid, 'approve')).body).toMatchObject({
        status: 'approved',
        credentials: null,
      });
      expect((await api.get(path, { token: owner.accessToken })).body).toEqual(before);
      const approved = (await trail(`subscription:${sid}`)).filter(
        ({ action }) => action === 'subscription.approved',
      );
      expect(approved).toHaveLength(1);
    });

    it('what was refused can be approved, with a credential that is new', async () => {
      const admin = await api.anyAdmin();
      const owner = await api.member();
      const id = await application(owner);
      const { body: made } = await subscribe(owner, id, { auth: 'oauth2-client-credentials' });
      await decide(admin, id, made.id, 'refuse', { reason: 'too much traffic' });
      const { body } = await decide(admin, id, made.id, 'approve');
      expect(body).toMatchObject({ status: 'approved', active: true, reason: null });
      const { body: now } = await api.get(`/applications/${id}/subscriptions/${made.id}/credentials`, {
        token: owner.accessToken,
      });
      expect(now.client_id).not.toBe(made.credentials.client_id);
      expect(now.client_secret).not.toBe(made.credentials.client_secret);
    });
  });

  describe('202', () => {
    it('Kong is away: approved, and active when Kong is back', async () => {
      const admin = await api.anyAdmin();
      const { owner, id, sid } = await waiting();
      const { status, body } = await withoutKong(() => decide(admin, id, sid, 'approve'));
      expect({ status, body }).toMatchObject({ status: 202, body: { status: 'approved', active: false } });
      await eventually(async () => {
        const path = `/applications/${id}/subscriptions/${sid}`;
        return (await api.get(path, { token: owner.accessToken })).body.active === true;
      }, 'it is active');
    });
  });

  describe('403', () => {
    it('the owner does not approve his own', async () => {
      const { owner, id, sid } = await waiting();
      const { status, body } = await decide(owner, id, sid, 'approve');
      expect({ status, roles: body.roles }).toEqual({ status: 403, roles: ['admin'] });
      expect(await consumers(`${id}$%`)).toEqual([]);
    });
  });

  describe('404', () => {
    it('there is no such subscription, or no such application', async () => {
      const admin = await api.anyAdmin();
      const { id, sid } = await waiting();
      expect((await decide(admin, id, randomUUID(), 'approve')).body.type).toMatch(/subscription-not-found$/);
      expect((await decide(admin, 'no-such-application', sid, 'approve')).body.type).toMatch(/s\/not-found$/);
    });
  });
});
