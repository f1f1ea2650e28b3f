import { describe, expect, it } from '@jest/globals';
import { useApplications } from '../../support/applications.js';
import { eventually } from '../../support/auth-api.js';

describe('POST /applications/{id}/subscriptions', () => {
  const scene = useApplications('create-subscription', { PUBLIC_URL: 'https://gateway.example.com/' });
  const { api, application, subscribe, implicit, trail, consumers, withoutKong } = scene;

  describe('201', () => {
    it('key-auth: a consumer of its own with group, limits and one key, which is shown', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { status, headers, body } = await subscribe(owner, id);
      expect({ status, body }).toEqual({
        status: 201,
        body: {
          id: expect.any(String),
          application_id: id,
          api: 'echo',
          auth: 'key-auth',
          plan: 'basic',
          status: 'approved',
          active: true,
          reason: null,
          created_at: expect.any(String),
          decided_at: expect.any(String),
          credentials: {
            api_url: 'https://gateway.example.com/apis/echo/',
            key: expect.stringMatching(/^[\w-]{43}$/),
            client_id: null,
            client_secret: null,
            token_url: null,
            redirect_uri: null,
          },
        },
      });
      expect(headers.get('location')).toBe(`/applications/${id}/subscriptions/${body.id}`);
      expect(headers.get('cache-control')).toBe('no-store');
      const [consumer] = await consumers(`${id}$echo`);
      expect(consumer).toMatchObject({
        username: `${id}$echo`,
        customId: body.id,
        groups: ['echo'],
        limits: { minute: 60, hour: 1000 },
        credentials: [expect.any(String)],
      });
      const { projection } = scene;
      const ofIt = async (kind: 'key-auths' | 'acls' | 'plugins' | 'oauth2') =>
        (await projection.list(kind)).filter(
          ({ consumer: of }) => (of as { id: string } | null)?.id === consumer?.id,
        );
      expect(await ofIt('key-auths')).toMatchObject([{ key: body.credentials.key }]);
      expect(await ofIt('acls')).toMatchObject([{ group: 'echo' }]);
      expect(await ofIt('plugins')).toMatchObject([
        { name: 'rate-limiting', config: { minute: 60, hour: 1000 } },
      ]);
      expect(await ofIt('oauth2')).toEqual([]);
    });

    it('is on record, without the key', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { body } = await subscribe(owner, id);
      const entries = await trail(`subscription:${body.id}`);
      expect(entries).toEqual([
        {
          action: 'subscription.created',
          actor: owner.id,
          details: { application: id, api: 'echo', auth: 'key-auth', plan: 'basic', status: 'approved' },
        },
      ]);
    });

    it.each([
      ['with the redirect URI of the application', 'https://app.example.com/callback'],
      ['with a placeholder where there is none', undefined],
    ])('client credentials: an OAuth client named after the application, %s', async (_what, uri) => {
      const owner = await api.member();
      const id = await application(owner, uri === undefined ? {} : { redirect_uri: uri });
      const { status, body } = await subscribe(owner, id, { api: 'llm', auth: 'oauth2-client-credentials' });
      const redirect = uri ?? 'https://redirect.invalid/';
      expect({ status, credentials: body.credentials }).toEqual({
        status: 201,
        credentials: {
          api_url: 'https://gateway.example.com/apis/llm/',
          key: null,
          client_id: expect.stringMatching(/^[\w.-]{20,}$/),
          client_secret: expect.stringMatching(/^[\w-]{43}$/),
          token_url: 'https://gateway.example.com/apis/llm/oauth2/token',
          redirect_uri: redirect,
        },
      });
      const clients = (await scene.projection.list('oauth2')).filter(({ name }) => name === id);
      expect(clients).toMatchObject([
        {
          client_id: body.credentials.client_id,
          client_secret: body.credentials.client_secret,
          redirect_uris: [redirect],
        },
      ]);
    });

    it('the implicit flow makes no consumer of the application', async () => {
      const owner = await api.member();
      const id = await application(owner, { redirect_uri: 'https://app.example.com/callback' });
      const { status, body } = await subscribe(owner, id, { auth: 'oauth2-implicit' });
      expect({ status, body }).toMatchObject({
        status: 201,
        body: { status: 'approved', active: true, credentials: null },
      });
      expect(await consumers(`${id}$%`)).toEqual([]);
    });

    it('an application may have one subscription to each API', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const answers = await Promise.all(
        ['llm', 'media', 'responses', 'mcp', 'echo'].map((name) => subscribe(owner, id, { api: name })),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
      expect(new Set(answers.map(({ body }) => body.credentials.key)).size).toBe(5);
    });

    it("an administrator subscribes another's application, and is not shown its key", async () => {
      const [owner, admin] = [await api.member(), await api.anyAdmin()];
      const { status, body } = await subscribe(admin, await application(owner));
      expect({ status, credentials: body.credentials }).toEqual({ status: 201, credentials: null });
    });
  });

  describe('202', () => {
    it.each(['standard', 'premium'])('plan %s waits for an approval', async (plan) => {
      const owner = await api.member();
      const id = await application(owner);
      const { status, body } = await subscribe(owner, id, { plan });
      expect({ status, body }).toMatchObject({
        status: 202,
        body: { plan, status: 'pending', active: false, decided_at: null, credentials: null },
      });
      expect(await consumers(`${id}$%`)).toEqual([]);
    });

    it('Kong is away: it is not active until Kong is back', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const { status, body } = await withoutKong(() => subscribe(owner, id));
      expect({ status, body }).toMatchObject({
        status: 202,
        body: { status: 'approved', active: false, credentials: { key: expect.any(String) } },
      });
      await eventually(async () => {
        const path = `/applications/${id}/subscriptions/${body.id}`;
        return (await api.get(path, { token: owner.accessToken })).body.active === true;
      }, 'it is active');
    });
  });

  describe('400', () => {
    it.each([
      [{ api: 'everything' }, 'api'],
      [{ api: '__proto__' }, 'api'],
      [{ auth: 'basic-auth' }, 'auth'],
      [{ plan: 'constructor' }, 'plan'],
      [{ plan: null }, 'plan'],
      [{ status: 'approved' }, 'status'],
    ])('%j', async (more, field) => {
      const owner = await api.anyone();
      const { status, body } = await subscribe(owner, await application(owner), more);
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field });
    });
  });

  describe('404', () => {
    it('there is no such application', async () => {
      const { status, body } = await subscribe(await api.anyone(), 'no-such-application');
      expect({ status, type: body.type }).toEqual({
        status: 404,
        type: '/docs/problems/applications/not-found',
      });
    });
  });

  describe('409', () => {
    it('of many at once to one API one is made', async () => {
      const owner = await api.member();
      const id = await application(owner);
      const answers = await Promise.all(Array.from({ length: 8 }, () => subscribe(owner, id)));
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
      expect(answers.find(({ status }) => status === 409)?.body.type).toBe(
        '/docs/problems/applications/subscribed-already',
      );
      expect(await consumers(`${id}$%`)).toMatchObject([{ credentials: [expect.any(String)] }]);
    });

    it('also when the one that is there was meant for another kind, or waits', async () => {
      const owner = await api.member();
      const id = await implicit(owner);
      expect((await subscribe(owner, id, { auth: 'key-auth' })).status).toBe(409);
      await subscribe(owner, id, { api: 'llm', plan: 'premium' });
      expect((await subscribe(owner, id, { api: 'llm' })).status).toBe(409);
    });

    it('the implicit flow needs a redirect URI', async () => {
      const owner = await api.member();
      const { status, body } = await subscribe(owner, await application(owner), { auth: 'oauth2-implicit' });
      expect({ status, type: body.type }).toEqual({
        status: 409,
        type: '/docs/problems/applications/redirect-uri-needed',
      });
    });
  });
});
