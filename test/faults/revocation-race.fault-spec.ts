import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually, type RunningAuthApi, startAuthApi } from '../support/auth-api.js';
import { type Answer, call, newKey, newMember, type TestMember, validate } from '../support/client.js';
import { sql } from '../support/guest-ledger.js';
import { KeycloakAdmin } from '../support/keycloak-admin.js';
import { PostgresProxy } from '../support/postgres-proxy.js';
import { createTestDatabase } from '../support/stack.js';
import { HoldingGate } from '../support/stepped-proxy.js';

const ROUNDS = 300;

/**
 * Two processes on one database. Whoever has been told that a key is revoked may rely on it: a validation sent after that
 * says no, in either process, whatever they had cached or were reading.
 */
describe('a revocation answered by one of two processes', () => {
  let first: RunningAuthApi;
  let second: RunningAuthApi;
  let member: TestMember;
  let database: pg.Client;

  beforeAll(async () => {
    first = await startAuthApi('race-first', { API_KEY_MAX_PER_USER: '400', LOG_LEVEL: 'info' });
    second = await startAuthApi('race-second', {
      API_KEY_MAX_PER_USER: '400',
      DATABASE_URL: first.databaseUrl,
      LOG_LEVEL: 'info',
    });
    member = await newMember(first.url);
    database = new pg.Client({ connectionString: first.databaseUrl });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await Promise.all([first.stop(), second.stop()]);
  });

  /** Asks both processes again and again; ends with the first answer that was asked for after `revokedAt`. */
  const hammer = (
    key: string,
    stopped: () => boolean,
    answers: { sentAt: number; yes: boolean }[],
  ): Promise<unknown> =>
    Promise.all(
      [first, second, first, second].map(async ({ url }) => {
        while (!stopped()) {
          const sentAt = performance.now();
          answers.push({ sentAt, yes: (await validate(url, key)).status === 200 });
        }
      }),
    );

  it(`is final in both, in ${ROUNDS} races`, async () => {
    let yesBefore = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { id, key } = await newKey(first.url, member);
      // Every other round the second process has it cached, and in the others it reads while the key is revoked.
      if (round % 2 === 0) await validate(second.url, key);
      const answers: { sentAt: number; yes: boolean }[] = [];
      let stop = false;
      const hammering = hammer(key, () => stop, answers);
      const revoker = round % 3 === 0 ? second : first;
      const { status } = await call(revoker.url, 'DELETE', `/auth/api-keys/${id}`, {
        token: member.accessToken,
      });
      const revokedAt = performance.now();
      expect(status).toBe(204);
      const after = await Promise.all([validate(first.url, key), validate(second.url, key)]);
      stop = true;
      await hammering;
      expect(after.map(({ body }) => body.reason)).toEqual(['revoked', 'revoked']);
      expect(answers.filter(({ sentAt, yes }) => yes && sentAt > revokedAt)).toEqual([]);
      yesBefore += answers.filter(({ yes }) => yes).length;
    }
    // The races were races: many a validation was under way while the key was still good.
    expect(yesBefore).toBeGreaterThan(ROUNDS / 2);
  }, 240_000);

  it('is not undone by a slow read that saw the key before it was revoked', async () => {
    for (let round = 0; round < 20; round++) {
      const { id, key } = await newKey(first.url, member);
      // An exclusive lock makes the read wait inside PostgreSQL; the revocation is already queued behind the same lock.
      await database.query('BEGIN; LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE');
      const slow = validate(second.url, key);
      const revoking = call(first.url, 'DELETE', `/auth/api-keys/${id}`, { token: member.accessToken });
      await eventually(async () => {
        const { rows } = await database.query<{ waiting: string }>(
          `SELECT count(*) AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        );
        return Number(rows[0]?.waiting) >= 2;
      }, 'read and revocation wait for the lock');
      await database.query('COMMIT');
      expect((await revoking).status).toBe(204);
      await slow;
      for (const { url } of [first, second]) expect((await validate(url, key)).status).toBe(401);
    }
  });

  it('waits for a process that hangs no longer than its lease, and that process says no when it goes on', async () => {
    const { id, key } = await newKey(first.url, member);
    expect((await validate(second.url, key)).status).toBe(200);
    second.process.kill('SIGSTOP');
    try {
      const startedAt = performance.now();
      const { status } = await call(first.url, 'DELETE', `/auth/api-keys/${id}`, {
        token: member.accessToken,
      });
      expect(status).toBe(204);
      expect(performance.now() - startedAt).toBeLessThan(3000);
    } finally {
      second.process.kill('SIGCONT');
    }
    expect((await validate(second.url, key)).body.reason).toBe('revoked');
  });

  it('reaches a process whose notices were cut off', async () => {
    for (let round = 0; round < 10; round++) {
      const { id, key } = await newKey(first.url, member);
      expect((await validate(second.url, key)).status).toBe(200);
      const cut = database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name LIKE 'gatehouse:%' AND datname = current_database()`,
      );
      const { status } = await call(first.url, 'DELETE', `/auth/api-keys/${id}`, {
        token: member.accessToken,
      });
      await cut;
      expect(status).toBe(204);
      expect((await validate(first.url, key)).status).toBe(401);
      expect((await validate(second.url, key)).status).toBe(401);
    }
  });

  it('ends a key at once when it is rotated without overlap', async () => {
    for (let round = 0; round < 20; round++) {
      const { id, key } = await newKey(first.url, member);
      await validate(second.url, key);
      const rotated = await call(first.url, 'POST', `/auth/api-keys/${id}/rotate`, {
        token: member.accessToken,
        body: { overlap_seconds: 0 },
      });
      expect(rotated.status).toBe(201);
      expect((await validate(second.url, key)).body.reason).toBe('revoked');
      expect((await validate(second.url, rotated.body.key)).status).toBe(200);
    }
  });

  it('ends all keys of a person at once when an administrator revokes them', async () => {
    const [owner, administrator] = [await newMember(first.url), await newMember(second.url)];
    await new KeycloakAdmin().grantRole(administrator.id, 'admin');
    const revokeAll = ({ url }: RunningAuthApi): Promise<Answer> =>
      call(url, 'POST', `/admin/users/${owner.id}/keys/revoke`, { token: administrator.accessToken });
    await eventually(async () => (await revokeAll(first)).status === 200, 'the role is known');
    for (let round = 0; round < 10; round++) {
      const keys = await Promise.all(Array.from({ length: 5 }, () => newKey(first.url, owner)));
      for (const { url } of [first, second])
        for (const { key } of keys) expect((await validate(url, key)).status).toBe(200);
      expect((await revokeAll(round % 2 === 0 ? first : second)).body).toEqual({ revoked: 5 });
      const after = await Promise.all(
        keys.flatMap(({ key }) => [first, second].map(({ url }) => validate(url, key))),
      );
      expect(after.map(({ body }) => body.reason)).toEqual(Array.from({ length: 10 }, () => 'revoked'));
    }
  });

  it('disabling the owner in Keycloak ends his keys and his tokens in both within 5 s', async () => {
    const owner = await newMember(first.url);
    const { key } = await newKey(first.url, owner);
    for (const { url } of [first, second]) {
      expect((await validate(url, key)).status).toBe(200);
      expect((await call(url, 'GET', '/auth/me', { token: owner.accessToken })).status).toBe(200);
    }
    await new KeycloakAdmin().setEnabled(owner.id, false);
    await eventually(
      async () => {
        const answers = await Promise.all(
          [first, second].flatMap(({ url }) => [
            validate(url, key),
            call(url, 'GET', '/auth/me', { token: owner.accessToken }),
          ]),
        );
        return answers.every(({ status, body }) => status === 401 && body.reason === 'user-disabled');
      },
      'both processes refuse him',
      5000,
    );
  });
});

/**
 * The second process hears what PostgreSQL says late, by a proxy. It still has a lease for its cache at that moment, and
 * answers requests: whoever revokes must wait for that lease.
 */
describe('a revocation while the other process hears late', () => {
  const gate = new HoldingGate();
  let first: RunningAuthApi;
  let late: RunningAuthApi;
  let proxy: PostgresProxy;
  let member: TestMember;

  beforeAll(async () => {
    const databaseUrl = await createTestDatabase('race_late');
    proxy = await PostgresProxy.to(databaseUrl, gate);
    first = await startAuthApi('race-prompt', { DATABASE_URL: databaseUrl, API_KEY_MAX_PER_USER: '200' });
    late = await startAuthApi('race-late', { DATABASE_URL: proxy.url });
    member = await newMember(first.url);
    await eventually(() => isCached(), 'the late process trusts its cache');
  });
  afterEach(async () => {
    gate.release();
    proxy.thaw();
    await eventually(isCached, 'the late process trusts its cache again');
  });
  afterAll(async () => {
    await Promise.all([first.stop(), late.stop()]);
    await proxy.close();
  });

  const reads = (): Promise<number> => late.metric('storage_statements_total', { connection: 'requests' });
  const revoke = (id: string): Promise<Answer> =>
    call(first.url, 'DELETE', `/auth/api-keys/${id}`, { token: member.accessToken });

  /** Whether the late process answers without asking PostgreSQL. */
  async function isCached(): Promise<boolean> {
    const { key } = await newKey(first.url, member);
    await validate(late.url, key);
    const before = await reads();
    await validate(late.url, key);
    return (await reads()) === before;
  }

  async function cachedKey(): Promise<{ id: string; key: string }> {
    const made = await newKey(first.url, member);
    expect((await validate(late.url, made.key)).status).toBe(200);
    return made;
  }

  async function expectToHearAgain(): Promise<void> {
    proxy.thaw();
    await eventually(isCached, 'the late process trusts its cache again');
  }

  it('is answered when the lease of the other has ended, and not before', async () => {
    for (let round = 0; round < 5; round++) {
      const { id, key } = await cachedKey();
      proxy.freeze('changes');
      expect((await revoke(id)).status).toBe(204);
      expect((await validate(late.url, key)).body.reason).toBe('revoked');
      await expectToHearAgain();
    }
  });

  it('is not answered sooner to whoever asks a second time', async () => {
    for (let round = 0; round < 5; round++) {
      const { id, key } = await cachedKey();
      proxy.freeze('changes');
      const asked = revoke(id);
      await eventually(async () => {
        const rows = await sql(
          first.databaseUrl,
          'SELECT 1 FROM api_keys WHERE id = $1 AND revoked_at IS NOT NULL',
          [id],
        );
        return rows.length === 1;
      }, 'the key is revoked');
      expect((await revoke(id)).status).toBe(204);
      expect((await validate(late.url, key)).body.reason).toBe('revoked');
      expect((await asked).status).toBe(204);
      await expectToHearAgain();
    }
  });

  it('waits also for a process whose connection was cut, which does not know yet', async () => {
    for (let round = 0; round < 5; round++) {
      const { id, key } = await cachedKey();
      proxy.freeze('changes');
      const cut = await sql(
        first.databaseUrl,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = (SELECT max(application_name) FROM pg_stat_activity WHERE client_port = ANY($1))`,
        [proxy.serverPorts('changes')],
      );
      expect(cut).toHaveLength(1);
      expect((await revoke(id)).status).toBe(204);
      expect((await validate(late.url, key)).body.reason).toBe('revoked');
      await expectToHearAgain();
    }
  });

  it('is not undone by an answer of PostgreSQL that comes late: it is neither kept nor believed', async () => {
    for (let round = 0; round < 20; round++) {
      const { id, key } = await newKey(first.url, member);
      gate.hold(({ what }, when) => when === 'after' && what.includes('FROM api_keys k JOIN users u'));
      const slow = validate(late.url, key);
      await eventually(() => gate.waiting > 0, 'the read has its answer, and we keep it');
      expect((await revoke(id)).status).toBe(204);
      gate.release();
      expect((await slow).body.reason).toBe('revoked');
      expect((await validate(late.url, key)).body.reason).toBe('revoked');
    }
  });
});
