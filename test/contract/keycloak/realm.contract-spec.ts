import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import {
  administratorToken,
  backendToken,
  callAccount,
  callAdmin,
  claimsOf,
  createGuest,
  createRegistered,
  createUser,
  headerOf,
  issuer,
  openSignInPage,
  password,
  refreshGuest,
  removeUsers,
  requestToken,
  rolesOf,
  signIn,
  signInGuest,
  uniqueName,
  upgradeGuest,
} from './realm-caller.js';

let backend: string;

beforeAll(async () => {
  backend = await backendToken();
});
afterEach(removeUsers);

describe('a guest', () => {
  it('is made by one call and signed in by a second, without a password', async () => {
    const username = uniqueName('guest');
    const id = await createGuest(backend, username);

    const { status, body } = await signInGuest(username);

    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer' });
    // Keycloak counts from a moment before it answers, so a second may be gone.
    expect(3600 - body.expires_in).toBeLessThanOrEqual(2);
    expect(86_400 - body.refresh_expires_in).toBeLessThanOrEqual(2);
    expect(headerOf(body.access_token)).toMatchObject({ alg: 'RS256' });
    expect(claimsOf(body.access_token)).toMatchObject({
      iss: issuer,
      aud: 'llm-api',
      azp: 'guest-issuer',
      typ: 'Bearer',
      sub: id,
      guest: true,
      preferred_username: username,
      email_verified: false,
      realm_access: { roles: ['guest'] },
    });
  });

  it('cannot sign in at llm-api, where a password is asked', async () => {
    const username = uniqueName('guest');
    await createGuest(backend, username);

    for (const secret of ['', password]) {
      expect(await signIn(username, secret)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    }
  });

  it('cannot see or change its account through the Account API', async () => {
    const username = uniqueName('guest');
    const id = await createGuest(backend, username);
    const { body } = await signInGuest(username);

    const read = await callAccount(body.access_token, 'GET', '/');
    const change = { username, email: `${username}@example.com` };
    const write = await callAccount(body.access_token, 'POST', '/', change);

    expect([read.status, write.status]).toEqual([401, 401]);
    expect((await callAdmin(backend, 'GET', `/users/${id}`)).body).not.toHaveProperty('email');
  });
});

describe('guest-issuer', () => {
  it('refuses a user without the attribute guest, and one where it is false', async () => {
    const [none, no] = [uniqueName('user'), uniqueName('user')];
    await createRegistered(backend, none);
    await createUser(backend, { username: no, attributes: { guest: ['false'] } });

    expect((await signInGuest(none)).status).toBe(401);
    expect((await signInGuest(no)).status).toBe(401);
  });

  it('refuses an administrator, even one marked as a guest', async () => {
    const administrator = await administratorToken();
    const username = uniqueName('guest');
    const id = await createGuest(backend, username);
    const role = await callAdmin(administrator, 'GET', '/roles/admin');
    await callAdmin(administrator, 'POST', `/users/${id}/role-mappings/realm`, [role.body]);

    expect((await signInGuest(username)).status).toBe(401);
  });

  it('refuses a wrong secret and an unknown guest', async () => {
    const username = uniqueName('guest');
    expect(await signInGuest(username, 'wrong')).toMatchObject({
      status: 401,
      body: { error: 'unauthorized_client' },
    });
    expect(await signInGuest(username)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });
});

describe('an upgraded guest', () => {
  it('keeps id and session, loses group and role of the guests and gains those of the users', async () => {
    const username = uniqueName('user');
    const guestName = uniqueName('guest');
    const id = await createGuest(backend, guestName);
    const { body: before } = await signInGuest(guestName);

    expect(await upgradeGuest(backend, id, username)).toEqual([204, 204, 204]);

    for (const refreshToken of [before.refresh_token, before.refresh_token]) {
      const { status, body } = await refreshGuest(refreshToken);
      expect(status).toBe(200);
      expect(claimsOf(body.access_token)).toMatchObject({
        sub: id,
        sid: claimsOf(before.access_token)['sid'],
        guest: false,
        preferred_username: username,
        email: `${username}@example.com`,
        email_verified: false,
      });
      expect(rolesOf(body.access_token)).toEqual(['user']);
    }
    const groups = await callAdmin(backend, 'GET', `/users/${id}/groups`);
    expect(groups.body).toEqual([expect.objectContaining({ name: 'users' })]);
  });

  it('signs in with the new password by name and by e-mail, without having given a name of a person', async () => {
    const username = uniqueName('user');
    const id = await createGuest(backend, uniqueName('guest'));
    await upgradeGuest(backend, id, username);

    for (const login of [username, `${username}@example.com`]) {
      const { body } = await signIn(login);
      expect(claimsOf(body.access_token)).toMatchObject({ sub: id, azp: 'llm-api', guest: false });
      expect(rolesOf(body.access_token)).toEqual(['user']);
    }
  });

  it('gets no token from guest-issuer any more', async () => {
    const username = uniqueName('user');
    const id = await createGuest(backend, uniqueName('guest'));
    await upgradeGuest(backend, id, username);

    expect((await signInGuest(username)).status).toBe(401);
  });
});

describe('a registered user', () => {
  it('made by an administrator with name, e-mail and a password only can sign in', async () => {
    const administrator = await administratorToken();
    const username = uniqueName('user');
    const email = `${username}@example.com`;
    const id = await createUser(administrator, { username, email });
    const secret = { type: 'password', value: password, temporary: false };
    const set = await callAdmin(administrator, 'PUT', `/users/${id}/reset-password`, secret);
    expect(set.status).toBe(204);

    const { body } = await signIn(username);

    expect(body).toMatchObject({ token_type: 'Bearer' });
    // Keycloak counts from a moment before it answers, so a second may be gone.
    expect(3600 - body.expires_in).toBeLessThanOrEqual(2);
    expect(86_400 - body.refresh_expires_in).toBeLessThanOrEqual(2);
    expect(headerOf(body.access_token)).toMatchObject({ alg: 'RS256' });
    const claims = claimsOf(body.access_token);
    expect(claims).toMatchObject({ iss: issuer, aud: 'llm-api', azp: 'llm-api', typ: 'Bearer', sub: id });
    expect(claims).toMatchObject({ preferred_username: username, email, email_verified: false });
    expect(claims).not.toHaveProperty('guest');
    expect(rolesOf(body.access_token)).toEqual([]);
  });

  it('gets no token that drives the Account API', async () => {
    const username = uniqueName('user');
    await createRegistered(backend, username);
    const { body } = await signIn(username);

    expect((await callAccount(body.access_token, 'GET', '/')).status).toBe(401);
  });

  it('gets no offline token', async () => {
    const username = uniqueName('user');
    await createRegistered(backend, username);

    const answer = await signIn(username, password, { scope: 'offline_access' });

    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  it('cannot refresh once disabled', async () => {
    const username = uniqueName('user');
    const id = await createRegistered(backend, username);
    const { body } = await signIn(username);
    const form = { grant_type: 'refresh_token', client_id: 'llm-api', refresh_token: body.refresh_token };
    expect((await requestToken(form)).status).toBe(200);

    await callAdmin(backend, 'PUT', `/users/${id}`, { enabled: false });

    expect(await requestToken(form)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  it('is locked out by the tenth wrong password, not by the ninth, and keeps the running session', async () => {
    const username = uniqueName('user');
    const id = await createRegistered(backend, username);
    const lock = async () => {
      const { body } = await callAdmin(backend, 'GET', `/attack-detection/brute-force/users/${id}`);
      return body as { disabled: boolean; numFailures: number };
    };
    /** Keycloak counts a failure after it has answered, and never one that it took for a parallel login. */
    const guess = async () => {
      const before = (await lock()).numFailures;
      const isCounted = async () => (await lock()).numFailures > before;
      await eventually(async () => {
        expect((await signIn(username, 'wrong')).status).toBe(400);
        return eventually(isCounted, 'counted', 1000).then(
          () => true,
          () => false,
        );
      }, 'a failure counted');
    };

    for (let count = 0; count < 9; count++) await guess();
    const { status, body } = await signIn(username);
    expect(status).toBe(200);
    await eventually(async () => (await lock()).numFailures === 0, 'the failures before are forgotten');
    for (let count = 0; count < 9; count++) await guess();
    expect((await lock()).disabled).toBe(false);
    await guess();

    expect((await lock()).disabled).toBe(true);
    expect((await signIn(username)).status).toBe(400);
    const form = { grant_type: 'refresh_token', client_id: 'llm-api', refresh_token: body.refresh_token };
    expect((await requestToken(form)).status).toBe(200);
  });

  it('may not have a password of seven characters, nor the name or the e-mail as one', async () => {
    const username = uniqueName('user');
    const id = await createRegistered(backend, username);

    for (const value of ['1234567', username, `${username}@example.com`]) {
      const body = { type: 'password', value, temporary: false };
      expect((await callAdmin(backend, 'PUT', `/users/${id}/reset-password`, body)).status).toBe(400);
    }
  });
});

describe('signing in', () => {
  it('gives the development administrator the role admin', async () => {
    // Keycloak refuses parallel logins of one user, and this one is shared with the other suites.
    let answer = await signIn('admin', 'admin');
    for (let more = 5; answer.status !== 200 && more > 0; more--) answer = await signIn('admin', 'admin');

    expect(answer.status).toBe(200);
    expect(rolesOf(answer.body.access_token).sort()).toEqual(['admin', 'user']);
  });

  it('through a browser needs PKCE and an address of ours', async () => {
    const ours = 'http://localhost:8000/docs/oauth2-redirect.html';
    const pkce = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' };

    expect((await openSignInPage({ redirect_uri: ours, ...pkce })).status).toBe(200);
    expect((await openSignInPage({ redirect_uri: ours })).headers.get('location')).toContain(
      'invalid_request',
    );
    expect((await openSignInPage({ redirect_uri: 'https://example.com/', ...pkce })).status).toBe(400);
  });
});
