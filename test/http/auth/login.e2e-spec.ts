import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { PASSWORD_MARK, sameButForRequestId, type TestMember } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';

/** No refusal comes sooner than this, so that its time tells nothing. */
const FLOOR_MS = 250;

describe('POST /auth/login', () => {
  const api = useAuthApi('login');
  const login = (username: string, password: string, more: Readonly<Record<string, unknown>> = {}) =>
    api.post('/auth/login', { body: { username, password, ...more } });
  const timed = async (username: string, password: string) => {
    const startedAt = performance.now();
    const answer = await login(username, password);
    return { answer, ms: performance.now() - startedAt };
  };

  describe('200', () => {
    it('gives tokens for name and password, in any letter case of the name', async () => {
      const member = await api.anyone();
      for (const name of [member.username, member.username.toUpperCase()]) {
        const { status, headers, body } = await login(name, member.password);
        expect(status).toBe(200);
        expect(headers.get('cache-control')).toBe('no-store');
        expect(decodeJwt(body.access_token)).toMatchObject({ sub: member.id, azp: 'llm-api', guest: false });
        expect((await api.me(body.access_token)).body.username).toBe(member.username);
      }
    });

    it('takes the e-mail for the name', async () => {
      const member = await api.anyone();
      expect((await login(member.email, member.password)).status).toBe(200);
      expect((await login(member.email.toUpperCase(), member.password)).status).toBe(200);
    });

    it.each([3, 10])('%i logins of one user at once all succeed', async (times) => {
      const member = await api.member();
      const answers = await Promise.all(
        Array.from({ length: times }, () => login(member.username, member.password)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    });

    it('logins of one user at once all succeed, whether by name or by e-mail', async () => {
      const member = await api.member();
      const names = [member.username, member.email, member.username.toUpperCase(), member.email];
      const answers = await Promise.all(names.map((name) => login(name, member.password)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    });

    it('puts the refresh token into a cookie, and only there, for a page that asks', async () => {
      const { username, password } = await api.anyone();
      const { headers, body } = await login(username, password, { refresh_cookie: true });
      expect(body.refresh_token).toBeUndefined();
      expect(headers.get('set-cookie')).toMatch(/^gatehouse_refresh=[\w.-]+; Path=\/auth; /);
    });
  });

  describe('400', () => {
    it.each([
      [{}, ['username', 'password']],
      [{ username: 'anne' }, ['password']],
      [{ username: 'anne', password: '' }, ['password']],
      [{ username: 'anne', password: 'x'.repeat(1025) }, ['password']],
      [{ username: 'a\nb', password: 'x' }, ['username']],
      [{ username: 'anne', password: 'x', refresh_cookie: 1 }, ['refresh_cookie']],
      [{ username: 'anne', password: 'x', remember: true }, ['remember']],
    ])('%.60j names each field at fault', async (body, fields) => {
      const answer = await api.post('/auth/login', { body });
      expect(answer.status).toBe(400);
      expect(answer.body.errors.map(({ field }: { field: string }) => field)).toEqual(fields);
    });
  });

  describe('401', () => {
    it('says the same, and no sooner, for a wrong password, an unknown user and one without a password', async () => {
      const member = await api.member();
      const guest = await api.guest();
      const wrong = `${PASSWORD_MARK}-wrong`;
      const tries = [];
      for (const name of [
        member.username,
        `nobody-${randomUUID()}`,
        guest.username,
        `${randomUUID()}@example.com`,
      ])
        tries.push(await timed(name, wrong));
      expect(tries.map(({ answer }) => answer.status)).toEqual([401, 401, 401, 401]);
      expect(sameButForRequestId(tries.map(({ answer }) => answer))).toBe(true);
      for (const { ms } of tries) expect(ms).toBeGreaterThanOrEqual(FLOOR_MS - 5);
    });

    it('says the same for a disabled user with the right password', async () => {
      const member = await api.member();
      const wrong = await login(member.username, `${PASSWORD_MARK}-wrong`);
      await api.keycloak.setEnabled(member.id, false);
      const disabled = await login(member.username, member.password);
      expect(disabled.status).toBe(401);
      expect(sameButForRequestId([wrong, disabled])).toBe(true);
    });

    it('after ten failures even the right password waits', async () => {
      const member: TestMember = await api.member();
      for (let i = 0; i < 10; i++) await login(member.username, `${PASSWORD_MARK}-wrong`);
      expect((await login(member.username, member.password)).status).toBe(401);
    });
  });
});

describe('POST /auth/login under the limits of production', () => {
  const api = useAuthApi('login-limits', { LIMITS_PROFILE: 'production' });

  describe('429', () => {
    it('bounds the tries of one address, and says when to come back', async () => {
      const tries = [];
      for (let i = 0; i < 21; i++)
        tries.push(await api.post('/auth/login', { body: { username: `nobody-${i}`, password: 'wrong' } }));
      expect(tries.slice(0, 20).every(({ status }) => status === 401)).toBe(true);
      const last = tries[20];
      expect({ status: last?.status, type: last?.body.type }).toEqual({
        status: 429,
        type: '/docs/problems/request/too-many',
      });
      expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });
});
