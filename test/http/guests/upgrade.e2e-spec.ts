import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { eventually } from '../../support/auth-api.js';
import { PASSWORD_MARK, type TestGuest } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';
import { testStack } from '../../support/stack.js';

const wishes = (more: Readonly<Record<string, unknown>> = {}) => {
  const username = `u-${randomUUID().slice(0, 13)}`;
  return {
    username,
    email: `${username}@example.com`,
    password: `${PASSWORD_MARK}-${randomUUID()}`,
    ...more,
  };
};

describe('POST /auth/upgrade', () => {
  const api = useAuthApi('upgrade');
  const upgrade = (guest: TestGuest, body: Readonly<Record<string, unknown>>) =>
    api.post('/auth/upgrade', { token: guest.accessToken, body });

  /** Everything that an upgrade could have changed. */
  const traces = async ({ id, accessToken }: TestGuest) => ({
    user: await api.keycloak.user(id),
    groups: await api.keycloak.groups(id),
    roles: await api.keycloak.realmRoles(id),
    credentials: (await api.keycloak.request('GET', `/users/${id}/credentials`)).body,
    me: (await api.me(accessToken)).body,
  });

  describe('200', () => {
    it('a guest who upgrades keeps his id and his running tokens', async () => {
      const guest = await api.guest();
      const wanted = wishes({ full_name: 'Anne van Dam' });
      const { status, body } = await upgrade(guest, wanted);
      expect(status).toBe(200);
      expect(body).toEqual({
        status: 'upgraded',
        user_id: guest.id,
        username: wanted.username,
        email: wanted.email,
      });

      expect(decodeJwt(guest.accessToken)['guest']).toBe(true);
      expect((await api.me(guest.accessToken)).body).toEqual({
        id: guest.id,
        subject: guest.id,
        username: wanted.username,
        email: wanted.email,
        email_verified: false,
        full_name: 'Anne van Dam',
        guest: false,
        roles: ['user'],
        auth_method: 'jwt',
      });

      const renewed = await api.post('/auth/refresh-token', { body: { refresh_token: guest.refreshToken } });
      expect(renewed.status).toBe(200);
      expect(decodeJwt(renewed.body.access_token)).toMatchObject({
        sub: guest.id,
        guest: false,
        preferred_username: wanted.username,
        email: wanted.email,
        realm_access: { roles: expect.arrayContaining(['user']) },
      });
    });

    it('a guest leaves group and role guest in Keycloak and joins the users', async () => {
      const guest = await api.guest();
      await upgrade(guest, wishes());
      expect(await api.keycloak.groups(guest.id)).toEqual(['users']);
      const roles = await api.keycloak.realmRoles(guest.id);
      expect(roles).toContain('user');
      expect(roles).not.toContain('guest');
      expect(await api.keycloak.user(guest.id)).toMatchObject({
        enabled: true,
        emailVerified: false,
        attributes: { guest: ['false'] },
      });
    });

    it('he signs in with his password from then on', async () => {
      const guest = await api.guest();
      const { username, password, email } = wishes();
      await upgrade(guest, { username, email, password });
      const { status, body } = await api.post('/auth/login', { body: { username, password } });
      expect(status).toBe(200);
      expect(decodeJwt(body.access_token)['sub']).toBe(guest.id);
    });

    it('who gives no password is told how to set one, and can', async () => {
      const guest = await api.guest();
      const { username, email, password } = wishes();
      const { body } = await upgrade(guest, { username, email });
      expect(body.set_password).toEqual({ method: 'POST', href: '/auth/password' });
      const { method, href } = body.set_password;
      const answer = await api.call(method, href, {
        token: guest.accessToken,
        body: { new_password: password },
      });
      expect(answer.status).toBe(204);
      expect((await api.post('/auth/login', { body: { username, password } })).status).toBe(200);
    });

    it('new tokens come with the answer when the refresh token was sent along, else not', async () => {
      const [sender, keeper] = [await api.guest(), await api.guest()];
      const { body } = await upgrade(sender, wishes({ refresh_token: sender.refreshToken }));
      expect(decodeJwt(body.tokens.access_token)).toMatchObject({ sub: sender.id, guest: false });
      expect((await api.me(body.tokens.access_token)).status).toBe(200);
      expect((await upgrade(keeper, wishes())).body.tokens).toBeUndefined();
    });

    it('name and e-mail are kept in lower case, blanks around the e-mail are dropped', async () => {
      const { username, email, password } = wishes();
      const { status, body } = await upgrade(await api.guest(), {
        username: username.toUpperCase(),
        email: `  ${email.toUpperCase()} `,
        password,
      });
      expect({ status, username: body.username, email: body.email }).toEqual({
        status: 200,
        username,
        email,
      });
    });

    it('a guest whom another program made in Keycloak can upgrade too', async () => {
      const username = `guest-${randomUUID()}`;
      const { guestClientSecret, keycloakUrl, realm } = testStack();
      await api.keycloak.request('POST', '/users', {
        username,
        enabled: true,
        attributes: { guest: ['true'] },
        groups: ['guests'],
      });
      const granted = await fetch(`${keycloakUrl}/realms/${realm}/protocol/openid-connect/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'password',
          username,
          client_id: 'guest-issuer',
          client_secret: guestClientSecret,
        }),
      });
      const { access_token: token } = (await granted.json()) as { access_token: string };
      expect((await api.post('/auth/upgrade', { token, body: wishes() })).status).toBe(200);
      expect((await api.me(token)).body.guest).toBe(false);
    });

    it('is on record once', async () => {
      const guest = await api.guest();
      const { username, ...rest } = wishes();
      await upgrade(guest, { username, ...rest });
      expect(
        await api.sql(
          `SELECT action, actor, details FROM audit_events WHERE target = $1 AND action <> 'guest.created'`,
          [`user:${guest.id}`],
        ),
      ).toEqual([{ action: 'guest.upgraded', actor: guest.id, details: { username } }]);
    });
  });

  describe('400', () => {
    it.each([
      ['username', 'as it is', (text: string) => text],
      ['username', 'in other letter case', (text: string) => text.toUpperCase()],
      ['email', 'as it is', (text: string) => text],
      ['email', 'in other letter case', (text: string) => text.toUpperCase()],
    ] as const)(
      'a taken %s, %s, is named, and the guest stays as he was and can upgrade',
      async (field, _case, spell) => {
        const [member, guest] = [await api.member(), await api.guest()];
        const before = await traces(guest);
        const { status, body } = await upgrade(guest, wishes({ [field]: spell(member[field]) }));
        expect(status).toBe(400);
        expect(body).toMatchObject({
          type: '/docs/problems/guests/name-taken',
          errors: [{ field, detail: 'is taken' }],
        });
        expect(await traces(guest)).toEqual(before);
        expect((await upgrade(guest, wishes())).status).toBe(200);
      },
    );

    it.each([
      'admin',
      'root',
      'System',
      'guest-1',
      'tier-gold',
      'kong-anon-jwt',
      'service-account-auth-backend',
    ])('the username %s is reserved', async (username) => {
      const { status, body } = await upgrade(await api.guest(), wishes({ username }));
      expect({ status, errors: body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'username', detail: 'is reserved, choose another' }],
      });
    });

    it.each([
      ['username', 'ab', 'must have at least 3 characters'],
      ['username', 'a'.repeat(65), 'must have at most 64 characters'],
      ['username', 'a@b.c', /letters, digits/],
      ['username', 'us$er', /letters, digits/],
      ['username', 'us/er', /letters, digits/],
      ['email', 'nope', /must be an e-mail address/],
      ['email', 'anne@localhost', /must be an e-mail address/],
      ['email', `${'a'.repeat(250)}@example.com`, 'must have at most 254 characters'],
      ['full_name', 'x'.repeat(129), 'must have at most 128 characters'],
      ['full_name', '   ', 'must not be empty'],
      ['password', 'short', 'must have at least 8 characters'],
      ['refresh_token', 'garbage', 'must be a refresh token of this guest'],
    ])('a bad %s (%.20s) is named', async (field, value, detail) => {
      const { status, body } = await upgrade(await api.guest(), wishes({ [field]: value }));
      expect(status).toBe(400);
      expect(body.errors).toEqual([
        { field, detail: typeof detail === 'string' ? detail : expect.stringMatching(detail) },
      ]);
    });

    it('a password against the policy of the realm is named, and the guest stays as he was', async () => {
      const guest = await api.guest();
      const before = await traces(guest);
      const { username, email } = wishes();
      const { status, body } = await upgrade(guest, { username, email, password: username });
      expect({ status, field: body.errors?.[0]?.field }).toEqual({ status: 400, field: 'password' });
      expect(await traces(guest)).toEqual(before);
    });

    it('a name that Keycloak does not accept is named, and the guest stays as he was', async () => {
      const guest = await api.guest();
      const before = await traces(guest);
      const { status, body } = await upgrade(guest, wishes({ full_name: '<script> "Anne"' }));
      expect({ status, field: body.errors?.[0]?.field }).toEqual({ status: 400, field: 'full_name' });
      expect(await traces(guest)).toEqual(before);
    });

    it("another person's refresh token is refused", async () => {
      const [guest, another] = [await api.guest(), await api.guest()];
      const before = await traces(guest);
      const { status, body } = await upgrade(guest, wishes({ refresh_token: another.refreshToken }));
      expect({ status, errors: body.errors }).toEqual({
        status: 400,
        errors: [{ field: 'refresh_token', detail: 'must be a refresh token of this guest' }],
      });
      expect(await traces(guest)).toEqual(before);
    });
  });

  describe('401', () => {
    it('nobody upgrades without a token', async () => {
      expect((await api.post('/auth/upgrade', { body: wishes() })).status).toBe(401);
    });

    it('a guest disabled a moment ago is refused, although we have not heard of it, and stays as he was', async () => {
      const guest = await api.guest();
      await api.keycloak.setEnabled(guest.id, false);
      const before = await api.keycloak.user(guest.id);
      const { status, body } = await upgrade(guest, wishes());
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'user-disabled' });
      expect(await api.keycloak.user(guest.id)).toEqual(before);
      await api.keycloak.setEnabled(guest.id, true);
      await eventually(
        async () => (await upgrade(guest, wishes())).status === 200,
        'enabled again, he may upgrade',
      );
    });

    it('a guest deleted a moment ago is refused', async () => {
      const guest = await api.guest();
      await api.keycloak.deleteUser(guest.id);
      const { status, body } = await upgrade(guest, wishes());
      expect({ status, reason: body.reason }).toEqual({ status: 401, reason: 'user-deleted' });
    });
  });

  describe('403', () => {
    it('an API key cannot upgrade anybody', async () => {
      const { key } = await api.key(await api.member());
      const { status, body } = await api.post('/auth/upgrade', { apiKey: key, body: wishes() });
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: '/docs/problems/users/session-needed',
      });
    });
  });

  describe('409', () => {
    it('a registered user has nothing to upgrade, also with the token he had as a guest', async () => {
      const { status, body } = await upgrade(await api.member(), wishes());
      expect({ status, type: body.type }).toEqual({ status: 409, type: '/docs/problems/guests/not-a-guest' });
    });

    it('a person who never was a guest has nothing to upgrade', async () => {
      const { username, email, password } = wishes();
      await api.keycloak.request('POST', '/users', {
        username,
        email,
        firstName: 'Bo',
        lastName: 'Li',
        enabled: true,
        credentials: [{ type: 'password', value: password, temporary: false }],
        groups: ['users'],
      });
      const { body } = await api.post('/auth/login', { body: { username, password } });
      const answer = await api.post('/auth/upgrade', { token: body.access_token, body: wishes() });
      expect({ status: answer.status, type: answer.body.type }).toEqual({
        status: 409,
        type: '/docs/problems/guests/not-a-guest',
      });
    });

    it('of two upgrades at once exactly one wins', async () => {
      for (let round = 0; round < 5; round++) {
        const guest = await api.guest();
        const wanted = [wishes(), wishes()];
        const answers = await Promise.all(wanted.map((body) => upgrade(guest, body)));
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
        const winner = answers.find(({ status }) => status === 200);
        expect((await api.me(guest.accessToken)).body.username).toBe(winner?.body.username);
      }
    });

    it('of many upgrades at once exactly one wins', async () => {
      const guest = await api.guest();
      const answers = await Promise.all(Array.from({ length: 20 }, () => upgrade(guest, wishes())));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 409)).toHaveLength(19);
    });

    it('of two guests who want one username at once exactly one gets it, the other is told', async () => {
      const guests = [await api.guest(), await api.guest()];
      const { username } = wishes();
      const answers = await Promise.all(guests.map((guest) => upgrade(guest, wishes({ username }))));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
      const loser = answers.find(({ status }) => status === 400);
      expect(loser?.body.errors).toEqual([{ field: 'username', detail: 'is taken' }]);
    });
  });
});
