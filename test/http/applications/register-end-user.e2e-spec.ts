import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { newEndUserEmail, useApplications } from '../../support/applications.js';
import { eventually } from '../../support/auth-api.js';

describe('POST /oauth2/register', () => {
  const scene = useApplications('register-end-user');
  const { api, application, subscribe, implicit, register, registrar, trail, consumers, withoutKong } = scene;

  describe('201', () => {
    it('the person becomes a consumer of the API, and that is on record without his address', async () => {
      const [owner, server] = [await api.member(), await registrar()];
      const id = await implicit(owner, 'mcp');
      const email = newEndUserEmail();
      const custom_id = `person-${randomUUID()}`;
      const { status, body } = await register(server, { email, custom_id, api: 'mcp', application_id: id });
      expect({ status, body }).toEqual({
        status: 201,
        body: {
          consumer_id: expect.any(String),
          username: `${email}$mcp`,
          email,
          custom_id,
          api: 'mcp',
          active: true,
        },
      });
      expect(await consumers(`${email}$%`)).toEqual([
        {
          id: body.consumer_id,
          username: `${email}$mcp`,
          customId: custom_id,
          groups: ['mcp'],
          limits: null,
          isRemoved: false,
          credentials: [],
        },
      ]);
      const inKong = (await scene.projection.list('consumers')).find(
        ({ id: consumer }) => consumer === body.consumer_id,
      );
      expect(inKong).toMatchObject({ username: `${email}$mcp`, custom_id });
      const entries = await trail(`end-user:${body.consumer_id}`);
      expect(entries).toEqual([
        { action: 'end-user.registered', actor: server.id, details: { application: id, api: 'mcp' } },
      ]);
    });

    it('an administrator may, and a custom_id is not needed', async () => {
      const id = await implicit(await api.member());
      const email = newEndUserEmail();
      const answer = await register(await api.anyAdmin(), { email, api: 'echo', application_id: id });
      expect(answer).toMatchObject({ status: 201, body: { custom_id: null } });
    });

    it('the same person at another API is another consumer', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner, 'echo');
      await subscribe(owner, id, { api: 'llm', auth: 'oauth2-implicit' });
      const email = newEndUserEmail();
      const answers = [];
      for (const name of ['echo', 'llm'])
        answers.push(await register(admin, { email, api: name, application_id: id }));
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(new Set(answers.map(({ body }) => body.consumer_id)).size).toBe(2);
    });

    it('another application shares him', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const ids = [await implicit(owner), await implicit(owner)];
      const email = newEndUserEmail();
      const answers = [];
      for (const application_id of ids)
        answers.push(await register(admin, { email, api: 'echo', application_id }));
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(answers[1]?.body).toEqual(answers[0]?.body);
    });
  });

  describe('200', () => {
    it('says the same when repeated, however the address is written, and at the same moment', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner);
      const email = `zoe\u0308-${newEndUserEmail()}`;
      const spellings = [email, email.toUpperCase(), email.normalize('NFC')];
      const first = await Promise.all(
        spellings.map((one) => register(admin, { email: one, api: 'echo', application_id: id })),
      );
      expect(first.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
      const again = await register(admin, { email, api: 'echo', application_id: id });
      expect(again.status).toBe(200);
      for (const { body } of first) expect({ ...body, active: true }).toEqual(again.body);
      expect(await trail(`end-user:${again.body.consumer_id}`)).toHaveLength(1);
      expect(await consumers(`${again.body.email}$%`)).toHaveLength(1);
    });

    it('a custom_id that is left out stays, another one takes its place', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner);
      const wish = { email: newEndUserEmail(), api: 'echo', application_id: id };
      const [one, another] = [`a-${randomUUID()}`, `b-${randomUUID()}`];
      await register(admin, { ...wish, custom_id: one });
      expect((await register(admin, wish)).body.custom_id).toBe(one);
      expect(await register(admin, { ...wish, custom_id: another })).toMatchObject({
        status: 200,
        body: { custom_id: another, active: true },
      });
      expect(await consumers(`${wish.email}$%`)).toMatchObject([{ customId: another }]);
    });
  });

  describe('202', () => {
    it('Kong is away: it hears of him when it is back', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner);
      const wish = { email: newEndUserEmail(), api: 'echo', application_id: id };
      const { status, body } = await withoutKong(() => register(admin, wish));
      expect({ status, active: body.active }).toEqual({ status: 202, active: false });
      await eventually(async () => (await register(admin, wish)).status === 200, 'Kong has him');
    });
  });

  describe('400', () => {
    it.each([
      [{ email: 'nobody' }, 'email'],
      [{ email: `${'a'.repeat(250)}@example.com` }, 'email'],
      [{ email: 'a\u0000b@example.com' }, 'email'],
      [{ custom_id: '' }, 'custom_id'],
      [{ custom_id: 'a'.repeat(129) }, 'custom_id'],
      [{ custom_id: 'a\nb' }, 'custom_id'],
      [{ api: 'everything' }, 'api'],
      [{ application_id: 'No Such' }, 'application_id'],
      [{ client_id: 'x' }, 'client_id'],
    ])('%.60j', async (more, field) => {
      const wish = { email: newEndUserEmail(), api: 'echo', application_id: 'some-application', ...more };
      const { status, body } = await register(await api.anyAdmin(), wish);
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field });
    });
  });

  describe('401', () => {
    it('needs an own token', async () => {
      const body = { email: newEndUserEmail(), api: 'echo', application_id: 'some-application' };
      expect((await api.post('/oauth2/register', { body })).status).toBe(401);
      const { key } = await api.key(await registrar());
      expect((await api.post('/oauth2/register', { apiKey: key, body })).status).toBe(401);
    });
  });

  describe('403', () => {
    it('the owner of the application does not register people', async () => {
      const owner = await api.member();
      const id = await implicit(owner);
      const { status, body } = await register(owner, {
        email: newEndUserEmail(),
        api: 'echo',
        application_id: id,
      });
      expect({ status, roles: body.roles }).toEqual({ status: 403, roles: ['consumer-registrar', 'admin'] });
    });

    it('the role to register people opens nothing else', async () => {
      const [owner, server] = [await api.member(), await registrar()];
      const id = await implicit(owner);
      expect((await api.get(`/applications/${id}`, { token: server.accessToken })).status).toBe(404);
      expect((await api.get('/admin/audit', { token: server.accessToken })).status).toBe(403);
    });
  });

  describe('404', () => {
    it('there is no such application', async () => {
      const wish = { email: newEndUserEmail(), api: 'echo', application_id: 'no-such-application' };
      expect((await register(await api.anyAdmin(), wish)).body.type).toMatch(/applications\/not-found$/);
    });
  });

  describe('409', () => {
    it('the application has no approved subscription of the implicit flow to this API', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await application(owner, { redirect_uri: 'https://app.example.com/' });
      const wish = { email: newEndUserEmail(), api: 'echo', application_id: id };
      const type = '/docs/problems/applications/no-implicit-subscription';
      const refused = async () => {
        const { status, body } = await register(admin, wish);
        expect({ status, type: body.type }).toEqual({ status: 409, type });
      };
      await refused();
      await subscribe(owner, id, { api: 'llm', auth: 'oauth2-implicit' });
      await refused();
      await subscribe(owner, id, { api: 'echo', auth: 'oauth2-implicit', plan: 'premium' });
      await refused();
      expect(await consumers(`${wish.email}$%`)).toEqual([]);
    });

    it('a custom_id is of one consumer only, and nothing is half made', async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const id = await implicit(owner);
      const custom_id = `taken-${randomUUID()}`;
      const [one, another] = [newEndUserEmail(), newEndUserEmail()];
      await register(admin, { email: one, custom_id, api: 'echo', application_id: id });
      const { status, body } = await register(admin, {
        email: another,
        custom_id,
        api: 'echo',
        application_id: id,
      });
      expect({ status, type: body.type }).toEqual({
        status: 409,
        type: '/docs/problems/applications/custom-id-taken',
      });
      const left = await api.sql('SELECT 1 FROM end_users WHERE email = $1', [another]);
      expect([...left, ...(await consumers(`${another}$%`))]).toEqual([]);
    });
  });
});
