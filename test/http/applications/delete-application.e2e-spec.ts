import { describe, expect, it } from '@jest/globals';
import { newEndUserEmail, useApplications } from '../../support/applications.js';
import { eventually, startAuthApi } from '../../support/auth-api.js';
import type { TestGuest } from '../../support/client.js';

describe('DELETE /applications/{id}', () => {
  const scene = useApplications('delete-application');
  const { api, application, subscribe, implicit, register, trail, consumers, withoutKong } = scene;
  const remove = (token: string, id: string) => api.call('DELETE', `/applications/${id}`, { token });
  const rows = async (id: string) => {
    const [row] = await api.sql<Record<string, number>>(
      `SELECT (SELECT count(*)::int FROM applications WHERE id = $1) AS applications,
              (SELECT count(*)::int FROM subscriptions WHERE application_id = $1) AS subscriptions,
              (SELECT count(*)::int FROM application_end_users WHERE application_id = $1) AS end_users`,
      [id],
    );
    return row;
  };
  const NOTHING = { applications: 0, subscriptions: 0, end_users: 0 };

  /** One of each kind, and an end user. */
  const furnished = async (owner: TestGuest) => {
    const id = await implicit(owner, 'mcp');
    await subscribe(owner, id, { api: 'echo', auth: 'key-auth' });
    await subscribe(owner, id, { api: 'llm', auth: 'oauth2-client-credentials' });
    await subscribe(owner, id, { api: 'media', plan: 'premium' });
    const email = newEndUserEmail();
    await register(await api.anyAdmin(), { email, api: 'mcp', application_id: id });
    return { id, email };
  };

  describe('204', () => {
    it('takes its subscriptions, their consumers and its end users along, out of Kong too', async () => {
      const owner = await api.member();
      const { id, email } = await furnished(owner);
      const names = [`${id}$echo`, `${id}$llm`, `${email}$mcp`].sort();
      const inKong = async () =>
        (await scene.projection.list('consumers'))
          .map(({ username }) => String(username))
          .filter((username) => names.includes(username))
          .sort();
      expect(await inKong()).toEqual(names);

      expect(await remove(owner.accessToken, id)).toMatchObject({ status: 204, body: undefined });
      expect(await inKong()).toEqual([]);
      expect(await rows(id)).toEqual(NOTHING);
      expect((await api.get(`/applications/${id}`, { token: owner.accessToken })).status).toBe(404);
      expect((await trail(`application:${id}`)).at(-1)).toEqual({
        action: 'application.deleted',
        actor: owner.id,
        details: { owner: owner.id, subscriptions: ['echo', 'llm', 'mcp', 'media'], end_users: 1 },
      });
    });

    it('an end user whom another application needs stays, until the last one is gone', async () => {
      const owner = await api.member();
      const [one, another] = [await implicit(owner), await implicit(owner)];
      const email = newEndUserEmail();
      const admin = await api.anyAdmin();
      for (const application_id of [one, another])
        await register(admin, { email, api: 'echo', application_id });
      await remove(owner.accessToken, one);
      expect(await consumers(`${email}$echo`)).toMatchObject([{ isRemoved: false }]);
      await remove(owner.accessToken, another);
      expect(await consumers(`${email}$echo`)).toEqual([]);
    });

    it('nobody stays behind when all applications of one end user end at the same moment', async () => {
      const owner = await api.member();
      const ids = await Promise.all(Array.from({ length: 4 }, () => implicit(owner)));
      const emails = Array.from({ length: 5 }, newEndUserEmail);
      const admin = await api.anyAdmin();
      for (const application_id of ids)
        for (const email of emails) await register(admin, { email, api: 'echo', application_id });
      const answers = await Promise.all(ids.map((id) => remove(owner.accessToken, id)));
      expect(answers.every(({ status }) => status === 204 || status === 202)).toBe(true);
      await eventually(
        async () => (await Promise.all(emails.map((email) => consumers(`${email}$%`)))).flat().length === 0,
        'all are gone',
      );
    });

    it('of many at once one does it, and the others find nothing', async () => {
      const owner = await api.member();
      const { id } = await furnished(owner);
      const answers = await Promise.all(Array.from({ length: 8 }, () => remove(owner.accessToken, id)));
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses.slice(1)).toEqual(Array(7).fill(404));
      expect([202, 204]).toContain(statuses[0]);
      expect(
        (await trail(`application:${id}`)).filter(({ action }) => action === 'application.deleted'),
      ).toHaveLength(1);
    });

    it('what is added at the same moment goes as well, or finds no application', async () => {
      const owner = await api.member();
      const admin = await api.anyAdmin();
      const ids = await Promise.all(Array.from({ length: 4 }, () => implicit(owner, 'mcp')));
      await Promise.all(
        ids.flatMap((id) => [
          subscribe(owner, id, { api: 'llm' }),
          register(admin, { email: newEndUserEmail(), api: 'mcp', application_id: id }),
          remove(owner.accessToken, id),
          register(admin, { email: newEndUserEmail(), api: 'mcp', application_id: id }),
          subscribe(owner, id, { api: 'echo' }),
        ]),
      );
      for (const id of ids) {
        expect(await rows(id)).toEqual(NOTHING);
        expect((await consumers(`${id}$%`)).filter(({ isRemoved }) => !isRemoved)).toEqual([]);
      }
      const [orphans] = await api.sql<{ count: string }>(
        `SELECT count(*) FROM end_users e
         WHERE NOT EXISTS (SELECT 1 FROM application_end_users a WHERE a.end_user_id = e.id)`,
      );
      expect(Number(orphans?.count)).toBe(0);
    });

    it('an administrator may', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      expect((await remove(admin.accessToken, id)).status).toBe(204);
      expect((await trail(`application:${id}`)).at(-1)).toMatchObject({
        actor: admin.id,
        details: { owner: owner.id },
      });
    });
  });

  describe('202', () => {
    it('Kong is away: everything of it is to be gone, without its secrets, and is when Kong is back', async () => {
      const owner = await api.member();
      const { id, email } = await furnished(owner);
      await withoutKong(async () => {
        const { status, body } = await remove(owner.accessToken, id);
        expect({ status, body }).toEqual({ status: 202, body: { status: 'deleted', pending_consumers: 3 } });
        const kept = [...(await consumers(`${id}$%`)), ...(await consumers(`${email}$%`))];
        expect(kept.map(({ isRemoved, credentials }) => ({ isRemoved, credentials }))).toEqual(
          Array(3).fill({ isRemoved: true, credentials: [] }),
        );
        expect(await rows(id)).toEqual(NOTHING);
      });
      await eventually(
        async () =>
          !(await scene.projection.list('consumers')).some(
            ({ username }) => String(username).startsWith(id) || String(username).startsWith(email),
          ),
        'Kong has lost it',
      );
      await eventually(async () => (await consumers(`${id}$%`)).length === 0, 'that is known here');
    });
  });

  describe('404', () => {
    it("another's stays", async () => {
      const [owner, another] = [await api.member(), await api.member()];
      const id = await application(owner);
      expect((await remove(another.accessToken, id)).status).toBe(404);
      expect((await api.get(`/applications/${id}`, { token: owner.accessToken })).status).toBe(200);
    });
  });

  describe('a person who is deleted', () => {
    it('takes his applications along', async () => {
      const [owner, another] = [await api.member(), await api.member()];
      const { id } = await furnished(owner);
      const kept = await application(another);
      await api.keycloak.deleteUser(owner.id);
      await eventually(async () => (await rows(id))?.['applications'] === 0, 'his application has ended');
      expect(await rows(id)).toEqual(NOTHING);
      await eventually(async () => (await consumers(`${id}$%`)).length === 0, 'its consumers are gone');
      expect((await trail(`application:${id}`)).at(-1)).toMatchObject({
        action: 'application.deleted',
        actor: null,
        details: { owner: owner.id },
      });
      expect((await api.get(`/applications/${kept}`, { token: another.accessToken })).status).toBe(200);
    });

    it('also when nobody listened at that moment', async () => {
      const owner = await api.member();
      const { id } = await furnished(owner);
      // As a process leaves it that dies between hearing of the deletion and acting on it.
      await api.sql('UPDATE users SET deleted_at = now(), enabled = false WHERE id = $1', [owner.id]);
      const second = await startAuthApi('delete-application-restarted', {
        DATABASE_URL: api.process.databaseUrl,
      });
      try {
        await eventually(async () => (await rows(id))?.['applications'] === 0, 'his application has ended');
        expect((await consumers(`${id}$%`)).filter(({ isRemoved }) => !isRemoved)).toEqual([]);
      } finally {
        await second.stop();
      }
    });
  });
});
