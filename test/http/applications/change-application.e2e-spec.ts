import { describe, expect, it } from '@jest/globals';
import { useApplications } from '../../support/applications.js';
import { eventually } from '../../support/auth-api.js';

describe('PATCH /applications/{id}', () => {
  const scene = useApplications('change-application');
  const { api, application, subscribe, trail, consumers, withoutKong } = scene;
  const change = (token: string, id: string, body: unknown) =>
    api.call('PATCH', `/applications/${id}`, { token, body });
  const clientsInKong = async (id: string) =>
    (await scene.projection.list('oauth2')).filter(({ name }) => name === id);

  describe('200', () => {
    it('changes what is said and keeps the rest', async () => {
      const owner = await api.member();
      const id = await application(owner, { redirect_uri: 'https://one.example.com/' });
      const { status, body } = await change(owner.accessToken, id, { name: 'Another name' });
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { id, name: 'Another name', redirect_uri: 'https://one.example.com/', active: true },
      });
      expect((await trail(`application:${id}`)).at(-1)).toEqual({
        action: 'application.changed',
        actor: owner.id,
        details: { name: 'Another name' },
      });
    });

    it('what changes nothing is not on record', async () => {
      const owner = await api.member();
      const id = await application(owner);
      expect((await change(owner.accessToken, id, { name: 'An application' })).status).toBe(200);
      expect(await trail(`application:${id}`)).toHaveLength(1);
    });

    it('another redirect URI: another credential of the same client, in Kong too', async () => {
      const owner = await api.member();
      const id = await application(owner, { redirect_uri: 'https://one.example.com/' });
      const { body } = await subscribe(owner, id, { auth: 'oauth2-client-credentials' });
      await subscribe(owner, id, { api: 'llm', auth: 'key-auth' });
      const [before, keyBefore] = [await consumers(`${id}$echo`), await consumers(`${id}$llm`)];
      const [old] = await clientsInKong(id);

      const redirect_uri = 'https://two.example.com/callback';
      const changed = await change(owner.accessToken, id, { redirect_uri });
      expect(changed).toMatchObject({ status: 200, body: { redirect_uri, active: true } });

      const after = await consumers(`${id}$echo`);
      expect(after[0]).toMatchObject({ ...before[0], credentials: [expect.any(String)] });
      expect(after[0]?.credentials).not.toEqual(before[0]?.credentials);
      expect(await consumers(`${id}$llm`)).toEqual(keyBefore);
      const there = await clientsInKong(id);
      expect(there).toMatchObject([{ client_id: body.credentials.client_id, redirect_uris: [redirect_uri] }]);
      expect(there[0]?.id).not.toBe(old?.id);
      const { body: credentials } = await api.get(
        `/applications/${id}/subscriptions/${body.id}/credentials`,
        {
          token: owner.accessToken,
        },
      );
      expect(credentials).toEqual({ ...body.credentials, redirect_uri });
    });

    it('an administrator may, and a subscription that waits is left alone', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner);
      await subscribe(owner, id, { auth: 'oauth2-client-credentials', plan: 'standard' });
      const { status } = await change(admin.accessToken, id, { redirect_uri: 'https://two.example.com/' });
      expect(status).toBe(200);
      expect(await consumers(`${id}$%`)).toEqual([]);
      expect((await trail(`application:${id}`)).at(-1)?.actor).toBe(admin.id);
    });

    it('of many at once each is done whole, and Kong has the last one', async () => {
      const owner = await api.member();
      const id = await application(owner, { redirect_uri: 'https://zero.example.com/' });
      await subscribe(owner, id, { auth: 'oauth2-client-credentials' });
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          change(owner.accessToken, id, { redirect_uri: `https://n${n}.example.com/` }),
        ),
      );
      expect(answers.every(({ status }) => status === 200 || status === 202)).toBe(true);
      const { body } = await api.get(`/applications/${id}`, { token: owner.accessToken });
      await eventually(async () => {
        const there = await clientsInKong(id);
        return there.length === 1 && String(there[0]?.['redirect_uris']) === body.redirect_uri;
      }, 'Kong has the last redirect URI');
    });
  });

  describe('202', () => {
    it('Kong is away: it is changed, and Kong gets it when it is back', async () => {
      const owner = await api.member();
      const id = await application(owner);
      await subscribe(owner, id, { auth: 'oauth2-client-credentials' });
      const redirect_uri = 'https://later.example.com/';
      const { status, body } = await withoutKong(() => change(owner.accessToken, id, { redirect_uri }));
      expect({ status, body }).toMatchObject({ status: 202, body: { redirect_uri, active: false } });
      await eventually(
        async () => String((await clientsInKong(id))[0]?.['redirect_uris']) === redirect_uri,
        'Kong has it',
      );
      await eventually(
        async () => (await api.get(`/applications/${id}`, { token: owner.accessToken })).body.active === true,
        'it is shown as active',
      );
    });
  });

  describe('400', () => {
    it.each([
      [{ redirect_uri: 'https://app.example.com/#here' }, 'redirect_uri'],
      [{ redirect_uri: null }, 'redirect_uri'],
      [{ name: '' }, 'name'],
      [{}, 'body'],
      [undefined, 'body'],
      [{ id: 'another-id' }, 'id'],
      [{ owner: 'me' }, 'owner'],
    ])('%j', async (body, field) => {
      const owner = await api.anyone();
      const answer = await change(owner.accessToken, await application(owner), body);
      expect({ status: answer.status, field: answer.body.errors[0].field }).toEqual({ status: 400, field });
    });
  });

  describe('404', () => {
    it("another's stays as it is", async () => {
      const [owner, another] = [await api.member(), await api.member()];
      const id = await application(owner);
      expect((await change(another.accessToken, id, { name: 'Mine' })).status).toBe(404);
      expect((await api.get(`/applications/${id}`, { token: owner.accessToken })).body.name).toBe(
        'An application',
      );
    });
  });
});
