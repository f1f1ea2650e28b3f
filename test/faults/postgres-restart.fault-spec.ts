import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RunningPostgres, startPostgres } from '../../apps/local-stack/src/postgres.js';
import { eventually, launchAuthApi, type RunningAuthApi, startAuthApi } from '../support/auth-api.js';
import { call, newKey, newMember, type TestMember, validate } from '../support/client.js';
import { KeycloakAdmin } from '../support/keycloak-admin.js';
import { expectOutage, timedCall } from '../support/outage.js';

describe('when PostgreSQL goes away and comes back', () => {
  let postgres: RunningPostgres;
  let folder: string;
  let api: RunningAuthApi;
  let member: TestMember;
  const admin = new KeycloakAdmin();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-restart-'));
    chmodSync(folder, 0o755); // started by root, PostgreSQL runs as another user
    postgres = await startPostgres({
      folder: join(folder, 'pg'),
      port: 0,
      password: 'test',
      settings: ['fsync=off'],
    });
    await postgres.createDatabase('gatehouse');
    api = await startAuthApi('postgres-restart', { DATABASE_URL: postgres.url('gatehouse') });
    member = await newMember(api.url);
  }, 120_000);
  afterAll(async () => {
    await api?.stop();
    await postgres?.stop('immediate');
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['fast', 'immediate'] as const)(
    'auth-api recovers by itself from a restart (%s), and never says yes to a revoked key',
    async (mode) => {
      const good = await newKey(api.url, member);
      const revoked = await newKey(api.url, member);
      await validate(api.url, revoked.key);
      await call(api.url, 'DELETE', `/auth/api-keys/${revoked.id}`, { token: member.accessToken });
      const seen: number[] = [];
      const falseYes: string[] = [];
      let restarted = false;
      const watching = (async () => {
        while (!restarted) {
          const [yes, no] = await Promise.all([validate(api.url, good.key), validate(api.url, revoked.key)]);
          seen.push(yes.status);
          if (no.status === 200) falseYes.push('revoked');
        }
      })();
      await postgres.restart(mode);
      restarted = true;
      await watching;
      await eventually(
        async () => (await validate(api.url, good.key)).status === 200,
        'keys validate again',
        15_000,
      );
      expect(falseYes).toEqual([]);
      expect(seen.filter((status) => status !== 200 && status !== 503)).toEqual([]);
      expect((await validate(api.url, revoked.key)).body.reason).toBe('revoked');
      await call(api.url, 'DELETE', `/auth/api-keys/${good.id}`, { token: member.accessToken });
      expect((await validate(api.url, good.key)).status).toBe(401);
    },
  );

  it('while it is down every answer is a 503 that says when to come back; afterwards jobs and notices work', async () => {
    const { id, key } = await newKey(api.url, member);
    await validate(api.url, key);
    await postgres.stop('fast');
    try {
      await eventually(
        async () => (await validate(api.url, key)).status === 503,
        'the cache is not trusted',
        3000,
      );
      const asked = await Promise.all([
        timedCall(api.url, 'POST', '/auth/guest-login'),
        timedCall(api.url, 'GET', '/auth/api-keys', { token: member.accessToken }),
        timedCall(api.url, 'POST', '/auth/api-keys', { token: member.accessToken, body: { name: 'x' } }),
        timedCall(api.url, 'GET', '/readyz'),
      ]);
      for (const answer of asked.slice(0, 3)) expectOutage(answer);
      expect(asked[3]?.body).toMatchObject({ status: 503, database: 'down' });
      expect((await call(api.url, 'GET', '/healthz')).status).toBe(200);
    } finally {
      await postgres.restart('fast');
    }
    await eventually(
      async () => (await call(api.url, 'GET', '/readyz')).status === 200,
      'ready again',
      15_000,
    );
    expect((await validate(api.url, key)).status).toBe(200);
    const later = await newKey(api.url, member);
    await call(api.url, 'DELETE', `/auth/api-keys/${id}`, { token: member.accessToken });
    await eventually(
      async () => {
        const { attributes } = (await admin.user(member.id)) as { attributes: { api_keys?: string[] } };
        const entries = attributes.api_keys ?? [];
        return (
          entries.some((entry) => entry.startsWith(later.id)) &&
          !entries.some((entry) => entry.startsWith(id))
        );
      },
      'the mirror job ran',
      20_000,
    );
  });

  it('auth-api starts while it is down, says so, and is ready within seconds once it is up', async () => {
    await postgres.stop('fast');
    const started = await launchAuthApi('starts-without-postgres', {
      DATABASE_URL: postgres.url('gatehouse'),
    });
    try {
      expect((await call(started.url, 'GET', '/healthz')).status).toBe(200);
      await eventually(async () => {
        const { status, body } = await call(started.url, 'GET', '/readyz');
        return status === 503 && body.database === 'down';
      }, '/readyz says what is missing');
      await postgres.restart('fast');
      const upAt = performance.now();
      await eventually(
        async () => (await call(started.url, 'GET', '/readyz')).status === 200,
        'ready',
        10_000,
      );
      process.stderr.write(`ready ${Math.round(performance.now() - upAt)} ms after PostgreSQL\n`);
    } finally {
      await started.stop();
      await eventually(
        async () => (await call(api.url, 'GET', '/readyz')).status === 200,
        'the other is ready',
        15_000,
      );
    }
  });
});
