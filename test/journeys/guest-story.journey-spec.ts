import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type RunningAuthApi, startAuthApi } from '../support/auth-api.js';
import { call, newGuest, PASSWORD_MARK, type TestGuest, validate } from '../support/client.js';

/** The story of DESIGN.md section 3, told once from beginning to end, as a web page and a program would live it. */
describe('from guest to revoked key', () => {
  let api: RunningAuthApi;
  let guest: TestGuest;
  let key: { id: string; key: string };
  const username = `journey-${randomUUID().slice(0, 8)}`;
  const password = `${PASSWORD_MARK}-${randomUUID()}`;

  beforeAll(async () => {
    api = await startAuthApi('journey');
    guest = await newGuest(api.url);
  });
  afterAll(() => api.stop());

  it('a visitor becomes a guest in one call', async () => {
    const me = await call(api.url, 'GET', '/auth/me', { token: guest.accessToken });
    expect(me.body).toMatchObject({ id: guest.id, guest: true, roles: ['guest'], auth_method: 'jwt' });
    expect(me.headers.get('x-principal-id')).toBe(guest.id);
  });

  it('a guest cannot have API keys, and is told the way', async () => {
    const answer = await call(api.url, 'POST', '/auth/api-keys', {
      token: guest.accessToken,
      body: { name: 'x' },
    });
    expect(answer.status).toBe(403);
    expect(answer.body.upgrade).toEqual({ method: 'POST', href: '/auth/upgrade' });
  });

  it('a guest who upgrades keeps their id', async () => {
    const upgraded = await call(api.url, 'POST', '/auth/upgrade', {
      token: guest.accessToken,
      body: { username, email: `${username}@example.com`, full_name: 'Jo Urney', password },
    });
    expect(upgraded.body).toMatchObject({ status: 'upgraded', user_id: guest.id, username });
    const me = await call(api.url, 'GET', '/auth/me', { token: guest.accessToken });
    expect(me.body).toMatchObject({
      id: guest.id,
      username,
      full_name: 'Jo Urney',
      guest: false,
      roles: ['user'],
    });
  });

  it('the session of the guest goes on as the session of the user', async () => {
    const body = { refresh_token: guest.refreshToken };
    const refreshed = await call(api.url, 'POST', '/llm/auth/refresh-token', { body });
    expect(refreshed.status).toBe(200);
    const me = await call(api.url, 'GET', '/llm/auth/me', { token: refreshed.body.access_token });
    expect(me.body).toMatchObject({ id: guest.id, username, guest: false });
  });

  it('the new user signs in with the password', async () => {
    const login = await call(api.url, 'POST', '/auth/login', { body: { username, password } });
    expect(login.status).toBe(200);
    const me = await call(api.url, 'GET', '/auth/me', { token: login.body.access_token });
    expect(me.body.id).toBe(guest.id);
  });

  it('a key is shown once, and works', async () => {
    const created = await call(api.url, 'POST', '/auth/api-keys', {
      token: guest.accessToken,
      body: { name: 'laptop', expires_in_days: 1 },
    });
    expect(created.status).toBe(201);
    key = created.body;
    const listed = await call(api.url, 'GET', '/auth/api-keys', { token: guest.accessToken });
    expect(JSON.stringify(listed.body)).not.toContain(key.key);
    expect(listed.body.items).toMatchObject([{ id: key.id, name: 'laptop', status: 'expiring' }]);
    const me = await call(api.url, 'GET', '/auth/me', { apiKey: key.key });
    expect(me.body).toMatchObject({ id: guest.id, auth_method: 'apikey' });
    expect((await validate(api.url, key.key)).body).toMatchObject({
      valid: true,
      key_id: key.id,
      user_id: guest.id,
    });
  });

  it('a rotated key works beside the new one until its overlap ends', async () => {
    const rotated = await call(api.url, 'POST', `/auth/api-keys/${key.id}/rotate`, {
      token: guest.accessToken,
      body: {},
    });
    expect(rotated.status).toBe(201);
    expect((await validate(api.url, key.key)).status).toBe(200);
    expect((await validate(api.url, rotated.body.key)).status).toBe(200);
    await call(api.url, 'DELETE', `/auth/api-keys/${key.id}`, { token: guest.accessToken });
    key = rotated.body;
  });

  it('a revoked key stops working', async () => {
    const revoked = await call(api.url, 'DELETE', `/auth/api-keys/${key.id}`, { token: guest.accessToken });
    expect(revoked.status).toBe(204);
    expect((await validate(api.url, key.key)).body).toMatchObject({ valid: false, reason: 'revoked' });
    expect((await call(api.url, 'GET', '/auth/me', { apiKey: key.key })).status).toBe(401);
  });

  it('signing out ends the session', async () => {
    const body = { refresh_token: guest.refreshToken };
    expect((await call(api.url, 'POST', '/auth/logout', { body })).status).toBe(204);
    expect((await call(api.url, 'POST', '/auth/refresh-token', { body })).status).toBe(401);
  });
});
