import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../../support/auth-api.js';
import { type Edge, type EdgeAnswer, standInOnly, startEdge } from '../../support/edge.js';
import { Forwarder } from '../../support/forwarder.js';
import { KeycloakAdmin } from '../../support/keycloak-admin.js';
import { newEmail, type TestClient } from '../../support/registered-client.js';
import { rememberSecrets } from '../../support/secrets-ledger.js';

/** How soon what was changed while Kong was away is there when it is back. */
const BACK_WITHIN_MS = 10_000;

let edge: Edge;
/** The Admin API, by a way that a test can cut. */
let admin: Forwarder;
let administrator: string;
beforeAll(async () => {
  edge = await startEdge('edge-consumers', {
    adminBy: async (url) => {
      admin = await Forwarder.to(url);
      return admin.url(url);
    },
  });
  const member = await edge.member();
  await new KeycloakAdmin().grantRole(member.id, 'admin');
  administrator = member.accessToken;
  await eventually(async () => (await asAdmin('GET', '/consumers')).status === 200, 'the role is known');
});
afterAll(async () => {
  await edge.stop();
  await admin.close();
});

const asAdmin = (method: string, path: string, body?: unknown): Promise<EdgeAnswer> =>
  edge.send(path, { method, token: administrator, body });

async function register(email = newEmail()): Promise<TestClient & { status: number; active: boolean }> {
  const { status, body } = await edge.send('/register', {
    method: 'POST',
    body: { client_name: 'Journey', email },
  });
  rememberSecrets({ [`key of client ${body.consumer_id}`]: body.apikey });
  const { consumer_id: id, username, apikey: key, active } = body;
  return { status, active, id, username, email, key };
}

const withKey = (key: string): Promise<EdgeAnswer> => edge.send('/api/get', { headers: [['apikey', key]] });

async function worksSoon({ key }: Pick<TestClient, 'key'>): Promise<void> {
  await eventually(async () => (await withKey(key)).status === 200, 'the key works', BACK_WITHIN_MS);
}

async function stopsSoon({ key }: Pick<TestClient, 'key'>): Promise<void> {
  await eventually(async () => (await withKey(key)).status === 401, 'the key has stopped', BACK_WITHIN_MS);
}

describe('a registered client', () => {
  it('uses its key at /api/ right after the 201, and the service behind learns who it is', async () => {
    const client = await register();
    expect(client).toMatchObject({ status: 201, active: true });
    const { status, seen } = await withKey(client.key);
    expect({ status, path: seen?.path }).toEqual({ status: 200, path: '/get' });
    expect(seen?.headers).toMatchObject({
      'x-consumer-id': client.id,
      'x-consumer-custom-id': client.email,
      'x-consumer-username': client.username,
    });
    expect(JSON.stringify(seen)).not.toContain(client.key);
  });

  it('of ten at once each has a key that works, and no other has', async () => {
    const clients = await Promise.all(Array.from({ length: 10 }, () => register()));
    expect(clients.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 201));
    const answers = await Promise.all(clients.map(({ key }) => withKey(key)));
    expect(answers.map(({ seen }) => seen?.headers['x-consumer-id'])).toEqual(clients.map(({ id }) => id));
  });

  it('reaches /api/ and nothing else: its key is none of a person', async () => {
    const { key } = await register();
    const elsewhere = await edge.send('/v1/models', { headers: [['apikey', key]] });
    expect({ status: elsewhere.status, seen: elsewhere.seen }).toEqual({ status: 401, seen: undefined });
    expect((await edge.send('/v1/models', { apiKey: key })).status).toBe(401);
    expect((await edge.send('/api/get', { headers: [['apikey', `${key}x`]] })).status).toBe(401);
  });

  it('that was deleted is refused; its e-mail may register again', async () => {
    const client = await register();
    expect((await asAdmin('DELETE', `/consumers/${client.id}`)).status).toBe(204);
    await stopsSoon(client);
    const again = await register(client.email);
    expect(again.status).toBe(201);
    expect((await withKey(again.key)).status).toBe(200);
  });

  it('whose key was replaced is refused with the old one and let in with the new one', async () => {
    const client = await register();
    const { status, body } = await asAdmin('POST', `/consumers/${client.id}/keys`);
    expect({ status, active: body.active }).toEqual({ status: 201, active: true });
    await stopsSoon(client);
    const { seen } = await withKey(body.apikey);
    expect(seen?.headers['x-consumer-id']).toBe(client.id);
  });
});

describe('a client whose key can not be opened any more', () => {
  it('is named with its failure, holds up nobody else, and is mended by a new key', async () => {
    const client = await register();
    const database = new pg.Client({ connectionString: edge.api.databaseUrl });
    await database.connect();
    try {
      await database.query(`UPDATE consumer_credentials SET sealed = '\\x00' WHERE consumer_id = $1`, [
        client.id,
      ]);
      await database.query(`UPDATE consumers SET revision = nextval('consumer_revisions') WHERE id = $1`, [
        client.id,
      ]);
    } finally {
      await database.end();
    }
    await eventually(
      async () => /CREDENTIAL_KEY/.test((await asAdmin('GET', `/consumers/${client.id}`)).body.failure ?? ''),
      'it says why',
    );
    expect((await register()).status).toBe(201);
    const { status, body } = await asAdmin('POST', `/consumers/${client.id}/keys`);
    expect(status).toBe(201);
    await worksSoon({ key: body.apikey });
  });
});

describe('while the Admin API does not answer', () => {
  it('a client registers with 202, and its key works as soon as Kong is told', async () => {
    await admin.refuse();
    try {
      const client = await register();
      expect(client).toMatchObject({ status: 202, active: false });
      expect((await withKey(client.key)).status).toBe(401);
      await admin.accept();
      await worksSoon(client);
      await eventually(
        async () => (await asAdmin('GET', `/consumers/${client.id}`)).body.active === true,
        'it says so',
      );
    } finally {
      if (!admin.isOpen) await admin.accept();
    }
  });

  it('what was deleted and replaced meanwhile stops as soon as Kong is told', async () => {
    const [deleted, replaced] = [await register(), await register()];
    await admin.refuse();
    try {
      const [gone, anew] = await Promise.all([
        asAdmin('DELETE', `/consumers/${deleted.id}`),
        asAdmin('POST', `/consumers/${replaced.id}/keys`),
      ]);
      expect([gone.status, anew.status]).toEqual([202, 202]);
      await admin.accept();
      await stopsSoon(deleted);
      await stopsSoon(replaced);
      await worksSoon({ key: anew.body.apikey });
    } finally {
      if (!admin.isOpen) await admin.accept();
    }
  });
});

standInOnly('while Kong is down', () => {
  it('a client registers with 202; when Kong is back, with nothing of ours, every key works', async () => {
    const before = await register();
    await edge.nodes[0]?.standIn?.kill();
    const answer = await fetch(`${edge.api.url}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'Journey', email: newEmail() }),
    });
    const { apikey: key } = (await answer.json()) as { apikey: string };
    rememberSecrets({ 'key of a client of the outage': key });
    expect(answer.status).toBe(202);
    await edge.restart(0);
    await worksSoon({ key });
    await worksSoon(before);
  });
});

describe('a person with limits of his own', () => {
  const PER_MINUTE = 4;
  const limitOf = ({ headers }: EdgeAnswer) => Number(headers['x-ratelimit-limit-minute']);

  /** Kong counts by the minutes of the clock: what is counted must not fall into two of them. */
  const withinOneMinute = () =>
    eventually(() => new Date().getSeconds() < 45, 'the minute is not about to end', 16_000);

  it('is held to them over all services, and to his tier again when they are taken away', async () => {
    const member = await edge.member();
    const limits = `/admin/users/${member.id}/limits`;
    const send = (path = '/v1/models') => edge.send(path, { token: member.accessToken });
    const ofTier = limitOf(await send());
    expect(ofTier).toBeGreaterThan(PER_MINUTE);

    await withinOneMinute();
    const set = await asAdmin('PUT', limits, { per_minute: PER_MINUTE });
    expect(set.body).toMatchObject({ per_minute: PER_MINUTE, active: true });
    await eventually(async () => limitOf(await send()) === PER_MINUTE, 'his limit is in force');
    const answers = [];
    for (let i = 0; i <= PER_MINUTE; i++) answers.push(await send(i % 2 === 0 ? '/media/1' : '/v1/models'));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(PER_MINUTE);
    expect(answers.at(-1)?.status).toBe(429);
    const another = await edge.member();
    expect((await edge.send('/v1/models', { token: another.accessToken })).status).toBe(200);

    expect((await asAdmin('DELETE', limits)).status).toBe(204);
    await eventually(async () => {
      const answer = await send();
      return answer.status === 200 && limitOf(answer) === ofTier;
    }, "his tier's limit is in force");
  });

  it('holds them with his API keys too', async () => {
    const member = await edge.member();
    const { key } = await edge.key(member);
    await asAdmin('PUT', `/admin/users/${member.id}/limits`, { per_minute: 1000 });
    for (const request of [{ token: member.accessToken }, { apiKey: key }])
      await eventually(
        async () => limitOf(await edge.send('/v1/models', request)) === 1000,
        'his limit is in force',
      );
  });
});
