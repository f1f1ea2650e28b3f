import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { testStack } from '../../support/stack.js';
import {
  administratorToken,
  backendToken,
  callAccount,
  callAdmin,
  claimsOf,
  createRegistered,
  createUser,
  groupId,
  password,
  removeUsers,
  requestToken,
  uniqueName,
} from './realm-caller.js';

let backend: string;

beforeAll(async () => {
  backend = await backendToken();
});
afterEach(removeUsers);

describe("auth-api's service account", () => {
  it('creates, finds, changes and deletes a user', async () => {
    const username = uniqueName('user');
    const id = await createRegistered(backend, username);

    const found = await callAdmin(backend, 'GET', `/users?username=${username}&exact=true`);
    expect(found.body).toEqual([expect.objectContaining({ id, username })]);
    expect((await callAdmin(backend, 'GET', '/users?max=1')).body).toHaveLength(1);
    const renamed = uniqueName('user');
    expect((await callAdmin(backend, 'PUT', `/users/${id}`, { username: renamed })).status).toBe(204);
    expect((await callAdmin(backend, 'GET', `/users/${id}`)).body).toMatchObject({ username: renamed });
    expect((await callAdmin(backend, 'POST', `/users/${id}/logout`)).status).toBe(204);
    expect((await callAdmin(backend, 'DELETE', `/users/${id}`)).status).toBe(204);
    expect((await callAdmin(backend, 'GET', `/users/${id}`)).status).toBe(404);
  });

  it('moves a user between groups and reads the roles that follow from them', async () => {
    const id = await createRegistered(backend, uniqueName('user'));
    const rolesNow = async () => {
      const { body } = await callAdmin(backend, 'GET', `/users/${id}/role-mappings/realm/composite`);
      return (body as { name: string }[]).map(({ name }) => name);
    };
    const membership = `/users/${id}/groups/${await groupId(backend, 'users')}`;

    expect(await rolesNow()).not.toContain('user');
    expect((await callAdmin(backend, 'PUT', membership)).status).toBe(204);
    expect(await rolesNow()).toContain('user');
    expect((await callAdmin(backend, 'DELETE', membership)).status).toBe(204);
    expect(await rolesNow()).not.toContain('user');
  });

  it.each([
    ['PUT', '', { displayName: 'mine' }],
    ['GET', '/clients', undefined],
    ['GET', '/components', undefined],
    ['POST', '/roles', { name: 'mine' }],
    ['PUT', '/users/profile', {}],
    ['DELETE', '/admin-events', undefined],
    ['DELETE', '/events', undefined],
  ])('may not %s the realm%s', async (method, path, body) => {
    expect((await callAdmin(backend, method, path, body)).status).toBe(403);
  });

  it('is told so little of the realm that no setting is among it', async () => {
    expect((await callAdmin(backend, 'GET', '')).body).not.toHaveProperty('accessTokenLifespan');
  });

  it('has a token of five minutes, and its client lets no person in', async () => {
    const claims = claimsOf(backend);
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(300);
    expect(claims['resource_access']).toEqual({
      'realm-management': { roles: expect.arrayContaining(['manage-users', 'view-events']) },
    });

    const username = uniqueName('user');
    await createRegistered(backend, username);
    const client = { client_id: 'auth-backend', client_secret: testStack().backendClientSecret };
    expect(await requestToken({ grant_type: 'password', ...client, username, password })).toMatchObject({
      status: 400,
      body: { error: 'unauthorized_client' },
    });
  });
});

describe('the user profile', () => {
  it('drops an attribute nobody declared and keeps forty key hashes of 110 characters', async () => {
    const username = uniqueName('user');
    const hashes = Array.from({ length: 40 }, (_, index) => String(index).padStart(110, 'f'));

    const id = await createUser(backend, { username, attributes: { api_keys: hashes, nickname: ['x'] } });

    const { attributes } = (await callAdmin(backend, 'GET', `/users/${id}`)).body;
    expect(Object.keys(attributes)).toEqual(['api_keys']);
    expect([...attributes.api_keys].sort()).toEqual([...hashes].sort());
  });

  it('lets only an administrator see or change the name, the key hashes and who is a guest', async () => {
    const username = uniqueName('user');
    const email = `${username}@example.com`;
    const id = await createRegistered(backend, username);
    await callAdmin(backend, 'PUT', `/users/${id}`, {
      username,
      email,
      enabled: true,
      attributes: { api_keys: ['uuid:hash'] },
    });
    const token = await accountToken(username);

    expect(JSON.stringify((await callAccount(token, 'GET', '/')).body)).not.toContain('uuid:hash');
    for (const change of [
      { username: uniqueName('user') },
      { attributes: { guest: ['true'] } },
      { attributes: { api_keys: ['mine'] } },
    ]) {
      expect((await callAccount(token, 'POST', '/', { username, email, ...change })).status).toBe(400);
    }
  });

  it('refuses a value of guest that is neither true nor false', async () => {
    const user = { username: uniqueName('guest'), attributes: { guest: ['maybe'] } };
    expect((await callAdmin(backend, 'POST', '/users', user)).status).toBe(400);
  });
});

/** admin-cli is Keycloak's own client, with full scope: the way to its Account API that ours do not offer. */
async function accountToken(username: string): Promise<string> {
  const { body } = await requestToken({ grant_type: 'password', client_id: 'admin-cli', username, password });
  return body.access_token;
}

describe('the event log', () => {
  interface AdminEvent {
    id: string;
    time: number;
    operationType: string;
    resourceType: string;
    resourcePath?: string;
    authDetails: { userId: string };
  }
  const query = ['USER', 'REALM_ROLE_MAPPING', 'GROUP_MEMBERSHIP'].map((type) => `resourceTypes=${type}`);
  const eventsOf = async (id: string, from: number): Promise<AdminEvent[]> => {
    const path = `/admin-events?${query.join('&')}&dateFrom=${from}&direction=asc&max=100`;
    const events = (await callAdmin(backend, 'GET', path)).body as AdminEvent[];
    return events.filter(({ resourcePath }) => resourcePath?.startsWith(`users/${id}`));
  };

  it('tells in one query of everything an administrator does to a user', async () => {
    const administrator = await administratorToken();
    const id = await createRegistered(backend, uniqueName('user'));
    const group = await groupId(backend, 'users');
    const role = (await callAdmin(administrator, 'GET', '/roles/admin')).body;
    const { createdTimestamp } = (await callAdmin(backend, 'GET', `/users/${id}`)).body;
    const acts: [string, string, unknown?][] = [
      ['PUT', '', { enabled: false }],
      ['PUT', '/reset-password', { type: 'password', value: password, temporary: false }],
      ['POST', '/role-mappings/realm', [role]],
      ['DELETE', '/role-mappings/realm', [role]],
      ['PUT', `/groups/${group}`],
      ['DELETE', `/groups/${group}`],
      ['POST', '/logout'],
      ['DELETE', ''],
    ];
    for (const [method, path, body] of acts)
      await callAdmin(administrator, method, `/users/${id}${path}`, body);

    const events = await eventsOf(id, createdTimestamp);

    expect(events.map((event) => [event.operationType, event.resourceType, event.resourcePath])).toEqual([
      ['CREATE', 'USER', `users/${id}`],
      ['UPDATE', 'USER', `users/${id}`],
      ['ACTION', 'USER', `users/${id}/reset-password`],
      ['CREATE', 'REALM_ROLE_MAPPING', `users/${id}/role-mappings/realm`],
      ['DELETE', 'REALM_ROLE_MAPPING', `users/${id}/role-mappings/realm`],
      ['CREATE', 'GROUP_MEMBERSHIP', `users/${id}/groups/${group}`],
      ['DELETE', 'GROUP_MEMBERSHIP', `users/${id}/groups/${group}`],
      ['ACTION', 'USER', `users/${id}/logout`],
      ['DELETE', 'USER', `users/${id}`],
    ]);
    expect(events[0]?.authDetails.userId).toBe(claimsOf(backend)['sub']);
    expect(events[1]?.authDetails.userId).not.toBe(claimsOf(backend)['sub']);
    expect(JSON.stringify(events)).not.toContain(password);
  });

  it('tells of a profile that its owner changed', async () => {
    const username = uniqueName('user');
    const id = await createRegistered(backend, username);
    const change = { username, email: `new-${username}@example.com` };
    expect((await callAccount(await accountToken(username), 'POST', '/', change)).status).toBe(204);

    const { body } = await callAdmin(
      backend,
      'GET',
      `/events?type=UPDATE_PROFILE&type=UPDATE_EMAIL&user=${id}`,
    );

    expect(body[0]).toMatchObject({
      userId: id,
      time: expect.any(Number),
      details: { updated_email: change.email },
    });
  });
});
