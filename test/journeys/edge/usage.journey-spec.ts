import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { newKey } from '../../../apps/auth-api/src/api-keys/key-format.js';
import { eventually } from '../../support/auth-api.js';
import { type Edge, type EdgeRequest, startEdge, type TopologyEdit, withConfig } from '../../support/edge.js';
import { Forwarder } from '../../support/forwarder.js';
import { KeycloakAdmin } from '../../support/keycloak-admin.js';
import { KeycloakProxy } from '../../support/keycloak-proxy.js';
import { openGate } from '../../support/stepped-proxy.js';

/** Counts leave a node every second instead of every five. */
const soon: TopologyEdit = withConfig('keycloak-principal', { usage_interval: 1 });

let edge: Edge;
let database: pg.Client;
beforeAll(async () => {
  edge = await startEdge('edge-usage');
  await edge.reload({}, soon);
  database = new pg.Client({ connectionString: edge.api.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await edge.stop();
});

const ask = (credentials: EdgeRequest, path = '/v1/models') => edge.send(path, credentials);

async function sendTimes(times: number, credentials: EdgeRequest, path?: string): Promise<void> {
  await Promise.all(Array.from({ length: times }, () => ask(credentials, path)));
}

interface Counted {
  readonly service: string;
  readonly status: number;
  readonly reason: string;
  readonly count: number;
}

/** What auth-api has counted for one key, or for the tokens of one person. */
async function counted(whose: { key: string } | { token: string }): Promise<readonly Counted[]> {
  const [where, id] =
    'key' in whose ? ['key_id = $1', whose.key] : [`user_id = $1 AND key_id = ''`, whose.token];
  const { rows } = await database.query<Counted>(
    `SELECT service, status, reason, sum(count)::int AS count FROM usage_hours
     WHERE ${where} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [id],
  );
  return rows;
}
const sum = (rows: readonly Counted[]) => rows.reduce((total, { count }) => total + count, 0);

async function lastUsed(id: string, token: string): Promise<string | null> {
  const { body } = await edge.send(`/auth/api-keys/${id}`, { token });
  return body.last_used_at;
}

describe('what was asked through the gateway', () => {
  it('is counted by key, person, service and outcome, and the key was used', async () => {
    const member = await edge.member();
    const { id, key } = await edge.key(member, { name: 'counted', scopes: ['llm'] });
    expect(await lastUsed(id, member.accessToken)).toBeNull();
    await sendTimes(5, { apiKey: key });
    await sendTimes(2, { apiKey: key }, '/media/images'); // which its scopes do not allow
    await sendTimes(3, { token: member.accessToken }, '/mcp/tools');
    await eventually(async () => sum(await counted({ key: id })) >= 7, 'the counts arrive');
    expect(await counted({ key: id })).toEqual([
      { service: 'llm-api', status: 200, reason: '', count: 5 },
      { service: 'media-api', status: 403, reason: 'insufficient-scope', count: 2 },
    ]);
    await eventually(async () => {
      const rows = await counted({ token: member.id });
      return rows.some(({ service, count }) => service === 'mcp-tools' && count === 3);
    }, 'and those of the token');
    await eventually(async () => (await lastUsed(id, member.accessToken)) !== null, 'last_used_at follows');
    expect(Date.parse((await lastUsed(id, member.accessToken)) ?? '')).toBeGreaterThan(Date.now() - 60_000);
  });

  it('is counted once and only once though auth-api was away for a while', async () => {
    const member = await edge.member();
    const { id, key } = await edge.key(member);
    await ask({ apiKey: key });
    await eventually(async () => sum(await counted({ key: id })) === 1, 'the first one is counted');
    const network = await Forwarder.to(edge.api.internalUrl);
    try {
      await edge.reload({ AUTH_API_INTERNAL_URL: network.url(edge.api.internalUrl) }, soon);
      await network.refuse();
      const since = performance.now();
      let sent = 1;
      // Over several intervals, so that several batches wait.
      for (; performance.now() - since < 4000; sent += 4) await sendTimes(4, { apiKey: key });
      expect(sum(await counted({ key: id }))).toBe(1);
      await network.accept();
      await eventually(async () => sum(await counted({ key: id })) >= sent, 'all arrive', 20_000);
      await sendTimes(1, { apiKey: key });
      await eventually(async () => sum(await counted({ key: id })) > sent, 'and the next one');
      expect(sum(await counted({ key: id }))).toBe(sent + 1);
    } finally {
      await network.close();
    }
  });

  it('is counted once though the answer was lost, so that the gateway says it again', async () => {
    const member = await edge.member();
    const { id, key } = await edge.key(member);
    let lost = 0;
    const losing = {
      ...openGate,
      after: () => {
        lost += 1;
        return Promise.resolve(lost > 2);
      },
    };
    const proxy = await KeycloakProxy.to(edge.api.internalUrl, losing);
    try {
      await edge.reload({ AUTH_API_INTERNAL_URL: proxy.url }, soon);
      await sendTimes(6, { apiKey: key });
      await eventually(() => lost > 2, 'it was told three times', 20_000);
      await sendTimes(1, { apiKey: key });
      await eventually(async () => sum(await counted({ key: id })) >= 7, 'the next one arrives');
      expect(sum(await counted({ key: id }))).toBe(7);
    } finally {
      await proxy.close();
    }
  });
});

describe('the metrics of a node', () => {
  interface Counts {
    readonly [name: string]: number;
  }
  const REASONS = {
    jwt: ['malformed', 'bad-signature', 'user-disabled'],
    apikey: ['malformed', 'bad-checksum', 'unknown-key', 'revoked'],
  };

  async function read(): Promise<Counts> {
    const counts: Record<string, number> = {};
    for (const [kind, reasons] of Object.entries(REASONS)) {
      counts[`${kind} yes`] = await edge.metric(`kong_auth_${kind}_success_total`);
      counts[`${kind} no`] = await edge.metric(`kong_auth_${kind}_failures_total`);
      for (const reason of reasons)
        counts[`${kind} ${reason}`] = await edge.metric(`kong_auth_${kind}_failures_total`, { reason });
    }
    counts['missing'] = await edge.metric('kong_auth_missing_total');
    counts['measured'] = await edge.metric('kong_auth_latency_ms_count');
    counts['within any time'] = await edge.metric('kong_auth_latency_ms_bucket', { le: '+Inf' });
    return counts;
  }

  /** Kong's own exporter writes them down once a second. */
  async function settled(): Promise<Counts> {
    let last = await read();
    await eventually(async () => {
      const [before, since] = [last, performance.now()];
      await eventually(() => performance.now() - since > 1200, 'more than a second is over');
      last = await read();
      return JSON.stringify(before) === JSON.stringify(last);
    }, 'the counts stand still');
    return last;
  }

  it('count who was let in and who was refused, and why, and how long that took', async () => {
    await edge.reload({});
    const [member, disabled] = [await edge.member(), await edge.member()];
    const { key } = await edge.key(member);
    const revoked = await edge.key(member);
    await edge.send(`/auth/api-keys/${revoked.id}`, { method: 'DELETE', token: member.accessToken });
    await new KeycloakAdmin().setEnabled(disabled.id, false);
    const asDisabled = { token: disabled.accessToken };
    await eventually(async () => (await ask(asDisabled)).status === 401, 'he is blocked');
    const before = await settled();

    const tampered = `${member.accessToken.slice(0, -8)}AAAAAAAA`;
    const forged = newKey('sk_live_').key;
    await sendTimes(5, { token: member.accessToken });
    await sendTimes(4, { apiKey: key });
    await sendTimes(3, {});
    await sendTimes(2, { token: 'nonsense' });
    await sendTimes(2, { token: tampered });
    await sendTimes(1, asDisabled);
    await sendTimes(2, { apiKey: 'sk_live_nonsense' });
    await sendTimes(1, { apiKey: `${forged.slice(0, -6)}000000` });
    await sendTimes(3, { apiKey: forged });
    await sendTimes(2, { apiKey: revoked.key });
    await sendTimes(2, {}, '/healthz'); // public: nobody was asked

    const after = await settled();
    const counted = Object.keys(after).map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]);
    expect(Object.fromEntries(counted)).toEqual({
      'jwt yes': 5,
      'jwt no': 5,
      'jwt malformed': 2,
      'jwt bad-signature': 2,
      'jwt user-disabled': 1,
      'apikey yes': 4,
      'apikey no': 8,
      'apikey malformed': 2,
      'apikey bad-checksum': 1,
      'apikey unknown-key': 3,
      'apikey revoked': 2,
      missing: 3,
      measured: 25,
      'within any time': 25,
    });
  });
});
