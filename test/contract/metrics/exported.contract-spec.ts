import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newKey as inventKey } from '../../../apps/auth-api/src/api-keys/key-format.js';
import { AdminProxy } from '../../support/admin-proxy.js';
import { eventually, startAuthApi } from '../../support/auth-api.js';
import { type Edge, startEdge } from '../../support/edge.js';
import { newEmail } from '../../support/registered-client.js';
import { type Asked, askedBy, exportedBy, queries, type Query, rules } from '../../support/promql.js';
import { caller, proofFor, serviceKey, type ServiceName, startService } from '../../support/service.js';
import { createTestDatabase } from '../../support/stack.js';

type Exported = ReturnType<typeof exportedBy>;

/** Labels that Prometheus gives to everything it scrapes. */
const TARGET_LABELS = ['job', 'instance'];
const recorded = new Set(rules().map(({ record }) => record));

/** What rules and dashboards ask of services or the gateway, not of Prometheus itself. */
const asked: (Query & Asked)[] = queries()
  .flatMap((query) => askedBy(query).map((one) => ({ ...query, ...one })))
  .filter(({ metric }) => metric !== 'up' && !recorded.has(metric));

const isOfGateway = ({ metric }: Asked) => metric.startsWith('kong_auth_');

/** What of it is not exported, with the place that asks for it. */
function missing(wanted: readonly (Query & Asked)[], exported: Exported): string[] {
  return wanted.flatMap(({ where, metric, labels }) => {
    const known = exported.get(metric);
    if (known === undefined) return [`${where}: ${metric}`];
    const unknown = labels.filter((label) => !known.has(label) && !TARGET_LABELS.includes(label));
    return unknown.map((label) => `${where}: ${metric} has no label ${label}`);
  });
}

async function metricsOf(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

describe('what rules and dashboards ask for', () => {
  let edge: Edge;
  let tokenOfBen: string;
  const proxies: AdminProxy[] = [];

  beforeAll(async () => {
    edge = await startEdge('metrics', {
      adminBy: async (adminUrl) => {
        const proxy = await AdminProxy.to(adminUrl);
        proxies.push(proxy);
        return proxy.url;
      },
    });
    await everythingThatIsCounted();
  });
  afterAll(async () => {
    await edge?.stop();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  });

  it('is exported by auth-api, with the labels that are asked for', async () => {
    const wanted = asked.filter((one) => !isOfGateway(one));
    expect(wanted.length).toBeGreaterThan(30);
    await eventually(
      async () => missing(wanted, exportedBy(await metricsOf(edge.api.internalUrl))).length === 0,
      'everything is exported',
    ).catch(() => undefined);
    expect(missing(wanted, exportedBy(await metricsOf(edge.api.internalUrl)))).toEqual([]);
  });

  it("is exported by the gateway's Admin API, with the labels that are asked for", async () => {
    const wanted = asked.filter(isOfGateway);
    const adminUrl = edge.nodes[0]?.adminUrl ?? '';
    expect(wanted.length).toBeGreaterThan(10);
    await eventually(
      async () => missing(wanted, exportedBy(await metricsOf(adminUrl))).length === 0,
      'everything is exported', // Kong's own exporter writes it down once a second
    ).catch(() => undefined);
    expect(missing(wanted, exportedBy(await metricsOf(adminUrl)))).toEqual([]);
  });

  it('counts refusals by route, keys that can be used, and whether Kong is in sync', async () => {
    expect(await edge.metric('kong_auth_refused_total', { reason: 'missing', route: 'v1' })).toBeGreaterThan(
      0,
    );
    await eventually(async () => (await edge.api.metric('kong_sync_in_sync')) === 1, 'Kong is in sync again');
    // Of the two keys one was revoked and one is used; a process counts them when it starts.
    const another = await startAuthApi('metrics-count', { DATABASE_URL: edge.api.databaseUrl });
    try {
      await eventually(async () => (await another.metric('api_keys_active')) === 1, 'one key can be used');
      expect(await another.metric('api_keys_used_last_day')).toBe(1);
    } finally {
      await another.stop();
    }
  });

  /** As GET /auth/api-keys/{id} tells it. */
  async function lastUse(id: string): Promise<unknown> {
    const { body } = await edge.send(`/auth/api-keys/${id}`, { token: tokenOfBen });
    return body.last_used_at;
  }

  /** Each kind of request and of mishap that a metric counts, once. */
  async function everythingThatIsCounted(): Promise<void> {
    const [ann, ben] = [await edge.member(), await edge.member()];
    tokenOfBen = ben.accessToken;
    const [{ key, id }, ofBen] = await Promise.all([edge.key(ann), edge.key(ben)]);
    await edge.send('/auth/me', { token: ann.accessToken });
    await edge.send('/v1/models', { token: ann.accessToken });
    await edge.send('/v1/models', { apiKey: key });
    await edge.send('/v1/models');
    await edge.send('/v1/models', { token: `${ann.accessToken.slice(0, -8)}AAAAAAAA` });
    await edge.send('/v1/models', { apiKey: inventKey('sk_live_').key });
    await edge.send('/v1/models', { token: ann.accessToken, apiKey: ofBen.key });
    await edge.send(`/auth/api-keys/${id}`, { method: 'DELETE', token: ann.accessToken });
    await fetch(`${edge.api.url}/auth/me`);
    const register = () =>
      edge.send('/register', { method: 'POST', body: { client_name: 'Metrics', email: newEmail() } });
    expect((await register()).status).toBe(201);
    for (const proxy of proxies) proxy.fault = () => ({ status: 503, body: '{}' });
    await register();
    await eventually(async () => (await edge.api.metric('kong_sync_errors_total')) > 0, 'kong-sync fails');
    for (const proxy of proxies) proxy.fault = () => undefined;
    await eventually(async () => (await edge.api.metric('jobs_total')) > 0, 'a job has run');
    await eventually(async () => (await lastUse(ofBen.id)) !== null, 'the use of a key is noted');
  }
});

describe('what is asked of every service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-metrics-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Of libs/principal and libs/telemetry. */
  const shared = asked.filter(({ metric }) =>
    /^(service_auth|service_jwks|service_conf|http_|process_)/.test(metric),
  );

  it.each<ServiceName>(['llm-api', 'media-api', 'response-api', 'mcp-tools'])(
    '%s exports it',
    async (name) => {
      const service = await startService(name, 'metrics', {
        // What those that keep something, or call others, must have; nobody is asked here.
        DATABASE_URL: await createTestDatabase('metrics'),
        LLM_API_IDENTITY_KEY: serviceKey('llm-api'),
        MEDIA_API_IDENTITY_KEY: serviceKey('media-api'),
        MEDIA_FOLDER: folder,
      });
      try {
        const headers = { 'x-gateway-identity': proofFor(name, caller()) };
        await fetch(`${service.url}/nothing-there`, { headers });
        await fetch(`${service.url}/nothing-there`);
        const exported = exportedBy(await metricsOf(service.internalUrl));
        const wanted = shared.filter(({ metric }) => !/service_auth_(success|failures)/.test(metric));
        expect(wanted.length).toBeGreaterThan(8);
        expect(missing(wanted, exported)).toEqual([]);
      } finally {
        await service.stop();
      }
    },
  );
});
