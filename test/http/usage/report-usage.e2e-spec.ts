import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import {
  eventually,
  GATEWAY_CALL_SECRET,
  type RunningAuthApi,
  startAuthApi,
} from '../../support/auth-api.js';
import { type Answer, call, newKey, newMember, type TestMember } from '../../support/client.js';

describe('POST /internal/usage', () => {
  let api: RunningAuthApi;
  let database: pg.Client;
  let member: TestMember;
  let key: { id: string; key: string };
  const to = '2026-01-10T10:30:00Z';

  const report = (items: readonly object[], batchId: string = randomUUID()): Promise<Answer> =>
    call(api.internalUrl, 'POST', '/internal/usage', {
      token: GATEWAY_CALL_SECRET,
      body: { batch_id: batchId, node: 'node-1', from: '2026-01-10T10:29:55Z', to, items },
    });
  const counted = async (service: string): Promise<number> => {
    const { rows } = await database.query<{ sum: string | null }>(
      'SELECT sum(count) FROM usage_hours WHERE service = $1',
      [service],
    );
    return Number(rows[0]?.sum ?? 0);
  };

  beforeAll(async () => {
    api = await startAuthApi('usage');
    database = new pg.Client({ connectionString: api.databaseUrl });
    await database.connect();
    member = await newMember(api.url);
    key = await newKey(api.url, member);
  });
  afterAll(async () => {
    await database.end();
    await api.stop();
  });

  describe('204', () => {
    it('a batch is counted once, however often it is sent, also at the same moment', async () => {
      const service = `s-${randomUUID()}`;
      const batch = randomUUID();
      const items = [{ user_id: member.id, key_id: key.id, service, status: 200, count: 7 }];
      const answers = await Promise.all(Array.from({ length: 10 }, () => report(items, batch)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
      expect(await counted(service)).toBe(7);
    });

    it('batches of one hour add up', async () => {
      const service = `s-${randomUUID()}`;
      const item = { user_id: member.id, key_id: key.id, service, status: 200, count: 2 };
      await report([item, { ...item, count: 3 }]);
      await report([item]);
      expect(await counted(service)).toBe(7);
    });

    it('what nobody is known for is counted as well, with its reason', async () => {
      const service = `s-${randomUUID()}`;
      await report([{ service, status: 401, reason: 'expired', count: 4 }]);
      const { rows } = await database.query(
        'SELECT user_id, key_id, reason FROM usage_hours WHERE service = $1',
        [service],
      );
      expect(rows).toEqual([{ user_id: '', key_id: '', reason: 'expired' }]);
    });

    it('a key that was let in shows when it was last used', async () => {
      await report([{ user_id: member.id, key_id: key.id, service: 'llm-api', status: 500, count: 1 }]);
      await eventually(async () => {
        const { body } = await call(api.url, 'GET', `/auth/api-keys/${key.id}`, {
          token: member.accessToken,
        });
        return body.last_used_at === new Date(to).toISOString();
      }, 'the key has a last use');
    });

    it('the largest batch of a gateway is taken', async () => {
      const service = `s-${randomUUID()}`;
      const items = Array.from({ length: 500 }, () => ({
        user_id: randomUUID(),
        key_id: randomUUID(),
        service,
        status: 200,
        reason: 'insufficient_scope',
        count: 1,
      }));
      expect((await report(items)).status).toBe(204);
      expect(await counted(service)).toBe(500);
    });
  });

  it.each([
    ['a negative count', { status: 200, count: -1 }, 'items.0.count'],
    ['a status that is none', { status: 7, count: 1 }, 'items.0.status'],
    ['a user that is no UUID', { user_id: 'me', status: 200, count: 1 }, 'items.0.user_id'],
    ['an unknown field', { status: 200, count: 1, secret: 'x' }, 'items.0.secret'],
  ])('400 for %s, naming it', async (_name, item, field) => {
    const { status, body } = await report([item]);
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  it('401 without the gateway’s secret', async () => {
    const answer = await call(api.internalUrl, 'POST', '/internal/usage', {
      token: 'x'.repeat(40),
      body: {},
    });
    expect(answer.status).toBe(401);
  });

  it('404 on the port that the gateway routes to', async () => {
    const answer = await call(api.url, 'POST', '/internal/usage', { token: GATEWAY_CALL_SECRET, body: {} });
    expect(answer.status).toBe(404);
  });
});
