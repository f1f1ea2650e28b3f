import { describe, expect, it } from '@jest/globals';
import { sameButForRequestId } from '../../support/client.js';
import { newApplicationId, useApplications } from '../../support/applications.js';

describe('POST /applications', () => {
  const { api, application, trail } = useApplications('create-application', {
    APPLICATIONS_MAX_PER_USER: '5',
  });
  const create = (token: string | undefined, body: unknown) => api.post('/applications', { token, body });
  const good = (more: object = {}) => ({ id: newApplicationId(), name: 'Weather', ...more });

  describe('201', () => {
    it('answers with the application, says where it is, and is on record', async () => {
      const owner = await api.member();
      const wish = good({ name: '  Wetter ☀  ', redirect_uri: 'https://app.example.com/callback?x=1' });
      const { status, headers, body } = await create(owner.accessToken, wish);
      expect({ status, body }).toEqual({
        status: 201,
        body: { ...wish, name: 'Wetter ☀', owner: owner.id, active: true, created_at: expect.any(String) },
      });
      expect(headers.get('location')).toBe(`/applications/${wish.id}`);
      expect((await api.get(`/applications/${wish.id}`, { token: owner.accessToken })).body).toEqual(body);
      expect(await trail(`application:${wish.id}`)).toEqual([
        { action: 'application.created', actor: owner.id, details: { name: 'Wetter ☀' } },
      ]);
    });

    it('an id is free again when its application is deleted', async () => {
      const [owner, another] = [await api.member(), await api.member()];
      const id = await application(owner);
      await api.call('DELETE', `/applications/${id}`, { token: owner.accessToken });
      expect((await create(another.accessToken, good({ id }))).status).toBe(201);
    });
  });

  describe('400', () => {
    it.each([
      ['too short', 'ab', /3 to 50/],
      ['too long', 'a'.repeat(51), /3 to 50/],
      ['in capitals', 'Weather', /small letters/],
      ['with a digit first', '1app', /begin with a letter/],
      ['with a hyphen last', 'app-', /not end with a hyphen/],
      ['with the sign that divides names of consumers', 'app$echo', /small letters/],
      ['with a control character', 'app\u0000', /small letters/],
      ['with a letter that only looks like one', 'аpple', /small letters/],
      ['reserved', 'kong-app', /reserved/],
      ['reserved as well', 'admin', /reserved/],
    ])('an id %s', async (_what, id, detail) => {
      const { status, body } = await create((await api.anyone()).accessToken, good({ id }));
      expect({ status, errors: body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'id', detail: expect.stringMatching(detail) }],
      });
    });

    it.each([
      '/callback',
      'app.example.com',
      'ftp://app.example.com/',
      'javascript:alert(1)',
      'https://app.example.com/#here',
      'https://app.example.com/#',
      'https://me:secret@app.example.com/',
      'https://app.example.com/\r\nSet-Cookie: a=b',
      'https://app.example.com/a b',
      'https://äpp.example.com/',
      'https://',
      'https://[::1/',
      `https://app.example.com/${'a'.repeat(2000)}`,
      '',
      null,
    ])('the redirect URI %.60j', async (uri) => {
      const { status, body } = await create((await api.anyone()).accessToken, good({ redirect_uri: uri }));
      expect({ status, fields: body.errors.map(({ field }: { field: string }) => field) }).toEqual({
        status: 400,
        fields: ['redirect_uri'],
      });
    });

    it.each(['', '   ', 'a\u0007b', 'a'.repeat(129), 5])('the name %.40j', async (name) => {
      const { status, body } = await create((await api.anyone()).accessToken, good({ name }));
      expect({ status, field: body.errors[0].field }).toEqual({ status: 400, field: 'name' });
    });
  });

  describe('401', () => {
    it('nobody makes one without saying who he is, nor with an API key', async () => {
      expect((await create(undefined, good())).status).toBe(401);
      const { key } = await api.key(await api.member(), { name: 'all', scopes: ['keys'] });
      const { status, body } = await api.post('/applications', { apiKey: key, body: good() });
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'token-required' });
    });
  });

  describe('403', () => {
    it('a guest is told how to become somebody who may', async () => {
      const { status, body } = await create((await api.guest()).accessToken, good());
      expect({ status, type: body.type, upgrade: body.upgrade.href }).toEqual({
        status: 403,
        type: '/docs/problems/users/guest-may-not',
        upgrade: '/auth/upgrade',
      });
    });
  });

  describe('409', () => {
    it('an id is taken, whoever has it', async () => {
      const [owner, another] = [await api.member(), await api.member()];
      const id = await application(owner);
      const answers = [
        await create(owner.accessToken, good({ id })),
        await create(another.accessToken, good({ id })),
      ];
      expect(answers.map(({ status }) => status)).toEqual([409, 409]);
      expect(answers[0]?.body.type).toBe('/docs/problems/applications/id-taken');
      expect(sameButForRequestId(answers.map((answer) => ({ ...answer, headers: new Headers() })))).toBe(
        true,
      );
    });

    it('of many at once for one id exactly one gets it', async () => {
      const people = await Promise.all([api.member(), api.member(), api.member()]);
      const wish = good();
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, n) => create(people[n % 3]?.accessToken, wish)),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(11).fill(409)]);
    });

    it('nobody gets more than he may have, also when he asks for all at once', async () => {
      const owner = await api.member();
      const answers = await Promise.all(Array.from({ length: 12 }, () => create(owner.accessToken, good())));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
      const refused = answers.filter(({ status }) => status === 409);
      expect(refused.map(({ body }) => body.limit)).toEqual(Array(7).fill(5));
    });
  });
});
