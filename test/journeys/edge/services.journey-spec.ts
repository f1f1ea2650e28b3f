import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/auth-api.js';
import { call, type TestGuest } from '../../support/client.js';
import { type Edge, type EdgeAnswer, type EdgeRequest, startEdge } from '../../support/edge.js';
import { type RunningService, type ServiceName, serviceKey, startService } from '../../support/service.js';
import { createTestDatabase } from '../../support/stack.js';

/** A reading request that each service answers to whoever may read there, and what it answers. */
const READS: readonly (readonly [service: ServiceName, path: string, status: number])[] = [
  ['llm-api', '/v1/models', 200],
  ['media-api', '/media', 200],
  ['response-api', '/v1/responses/resp_none', 404],
];
const MODEL = 'qwen/qwen2.5-0.5b-instruct';
const MCP = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } };
const MCP_HEADERS = [
  ['Accept', 'application/json, text/event-stream'],
  ['MCP-Protocol-Version', '2025-06-18'],
] as const;

/** Somebody, by one of the ways in. */
interface Somebody {
  readonly id: string;
  readonly method: 'jwt' | 'apikey';
  readonly credential: Pick<EdgeRequest, 'token' | 'apiKey'>;
}

let edge: Edge;
let folder: string;
const services = new Map<ServiceName, RunningService>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-services-'));
  const start = async (name: ServiceName, environment: Record<string, string> = {}): Promise<string> => {
    const service = await startService(name, 'services', environment);
    services.set(name, service);
    return service.url;
  };
  const [llm, media, echo] = await Promise.all([
    start('llm-api'),
    start('media-api', { MEDIA_FOLDER: folder }),
    start('echo-api'),
  ]);
  const calls = {
    LLM_API_URL: llm,
    LLM_API_IDENTITY_KEY: serviceKey('llm-api'),
    MEDIA_API_URL: media,
    MEDIA_API_IDENTITY_KEY: serviceKey('media-api'),
  };
  const [responses, mcp] = await Promise.all([
    start('response-api', { ...calls, DATABASE_URL: await createTestDatabase('responses') }),
    start('mcp-tools', calls),
  ]);
  edge = await startEdge('services', {
    topology: {
      LLM_API_URL: llm,
      MEDIA_API_URL: media,
      ECHO_API_URL: echo,
      RESPONSE_API_URL: responses,
      MCP_TOOLS_URL: mcp,
    },
  });
}, 120_000);

afterAll(async () => {
  await edge?.stop();
  await Promise.all([...services.values()].map((service) => service.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const urlOf = (name: ServiceName): string => services.get(name)?.url ?? '';

async function people(): Promise<readonly Somebody[]> {
  const [ann, ben] = await Promise.all([edge.member(), edge.member()]);
  const guests = await Promise.all([edge.guest(), edge.guest(), edge.guest()]);
  const keys = await Promise.all(
    [ann, ben, ann].map(async (owner) => ({ owner, ...(await edge.key(owner)) })),
  );
  const bySession = ({ id, accessToken: token }: TestGuest): Somebody => ({
    id,
    method: 'jwt',
    credential: { token },
  });
  return [
    ...[ann, ben, ...guests].map(bySession),
    ...keys.map(({ owner, key }): Somebody => ({
      id: owner.id,
      method: 'apikey',
      credential: { apiKey: key },
    })),
    ...keys.map(({ owner, key }): Somebody => ({
      id: owner.id,
      method: 'apikey',
      credential: { token: key },
    })),
  ];
}

describe('100 requests at once of guests, members and keys', () => {
  let all: readonly Somebody[];

  beforeAll(async () => {
    all = await people();
  });

  const among = (index: number): Somebody => all[index % all.length] as Somebody;
  const seenBy = ({ status, headers }: EdgeAnswer) => ({
    status,
    id: headers['x-principal-id'],
    method: headers['x-auth-method'],
  });

  it('reach every service as who sent them, and none fails', async () => {
    const sent = Array.from({ length: 100 }, (_, index) => {
      const [, path, status] = READS[index % READS.length] as (typeof READS)[number];
      return { path, status, who: among(index) };
    });
    const answers = await Promise.all(sent.map(({ path, who }) => edge.send(path, who.credential)));
    expect(answers.map(seenBy)).toEqual(
      sent.map(({ status, who: { id, method } }) => ({ status, id, method })),
    );
  });

  it('are told apart by a tool that says who is calling', async () => {
    const sent = Array.from({ length: 100 }, (_, index) => among(index));
    const answers = await Promise.all(
      sent.map(({ credential }) =>
        edge.send('/mcp', { ...credential, method: 'POST', body: MCP, headers: MCP_HEADERS }),
      ),
    );
    expect(answers.map(({ status, text }) => ({ status, id: idIn(text) }))).toEqual(
      sent.map(({ id }) => ({ status: 200, id })),
    );
  });
});

/** The id in the answer of `whoami`, as JSON or as an event stream. */
function idIn(text: string): string | undefined {
  return /\\"id\\": ?\\"([^"\\]+)\\"/.exec(text)?.[1];
}

describe.each([...READS, ['mcp-tools', '/mcp', 405]] as typeof READS)(
  'straight to %s',
  (service, path, status) => {
    const refusal = (reason: string) => ({
      status: 401,
      body: { type: '/docs/problems/principal/unauthenticated', reason },
    });

    it('a token works', async () => {
      const { id, accessToken: token } = await edge.member();
      const answer = await call(urlOf(service), 'GET', path, { token });
      expect(answer.status).toBe(status);
      if (status !== 405) expect(answer.headers.get('x-principal-id')).toBe(id);
    });

    it('identity headers without the proof of the gateway do not', async () => {
      const { id } = await edge.member();
      const headers = { 'x-user-id': id, 'x-consumer-custom-id': id, 'x-gateway-auth': 'kong' };
      expect(await call(urlOf(service), 'GET', path, { headers })).toMatchObject(
        refusal('unproven-identity-headers'),
      );
    });

    it('nor does a proof that was made for another service', async () => {
      const { IdentitySigner } = await import('#principal');
      const { Secret } = await import('#config');
      const principal = {
        kind: 'user',
        id: 'somebody',
        username: 'somebody',
        email: undefined,
        emailVerified: false,
        roles: [],
        scopes: [],
        via: { method: 'jwt', gateway: true, credentialId: 'one', issuedAt: 0, authorizedParty: undefined },
      } as const;
      const other = service === 'llm-api' ? 'media-api' : 'llm-api';
      const proof = await new IdentitySigner(other, new Secret(serviceKey(other))).sign(principal);
      const headers = { 'x-gateway-identity': proof };
      expect(await call(urlOf(service), 'GET', path, { headers })).toMatchObject(
        refusal('bad-gateway-identity'),
      );
    });

    it('an API key is told to go through the gateway', async () => {
      const { key: apiKey } = await edge.key(await edge.member());
      expect(await call(urlOf(service), 'GET', path, { apiKey })).toMatchObject(refusal('key-needs-gateway'));
      expect(await call(urlOf(service), 'GET', path, { token: apiKey })).toMatchObject(
        refusal('key-needs-gateway'),
      );
    });

    it('nothing at all is refused', async () => {
      expect(await call(urlOf(service), 'GET', path)).toMatchObject(refusal('missing'));
    });

    it('its probes answer, and /health/auth says that the guard is active', async () => {
      expect(await call(urlOf(service), 'GET', '/healthz')).toMatchObject({
        status: 200,
        body: { status: 'ok' },
      });
      expect(await call(urlOf(service), 'GET', '/readyz')).toMatchObject({
        status: 200,
        body: { status: 'ok' },
      });
      expect(await call(urlOf(service), 'GET', '/health/auth')).toMatchObject({
        status: 200,
        body: { status: 'ok', keycloak: 'up', guard: 'active', keys: { loaded: true } },
      });
    });

    it('its metrics are on the internal port alone, with what the guard measures', async () => {
      const { url, internalUrl } = services.get(service) as RunningService;
      expect((await call(url, 'GET', '/metrics')).status).toBe(404);
      const text = await (await fetch(`${internalUrl}/metrics`)).text();
      expect(text).toContain(`service_auth_latency_ms_count{service="${service}"}`);
      expect(text).toContain(`service_confused_deputy_attempts_total{service="${service}"} 0`);
    });
  },
);

describe('a request that one service makes of another', () => {
  it.each([
    ['response-api', '/v1/responses', { model: MODEL, input: 'Hello.' }],
    ['mcp-tools', '/mcp', { ...MCP, params: { name: 'list_models', arguments: {} } }],
  ] as const)(
    '%s: is of the same person, request and trace, in the log of both',
    async (service, path, body) => {
      const { id, accessToken: token } = await edge.member();
      const trace = randomUUID().replaceAll('-', '');
      const requestId = `chain-${randomUUID()}`;
      const headers = [
        ...MCP_HEADERS,
        ['X-Request-Id', requestId],
        ['traceparent', `00-${trace}-00f067aa0ba902b7-01`],
      ] as const;
      const answer = await edge.send(path, { token, method: 'POST', body, headers });
      expect(answer.status).toBe(200);
      for (const name of [service, 'llm-api'] as const)
        await eventually(() => {
          const lines = services.get(name)?.output().split('\n') ?? [];
          return lines.some((line) => [id, trace, requestId].every((text) => line.includes(text)));
        }, `${name} says so`);
    },
  );
});

describe('the documentation of a service', () => {
  it.each(['llm-api', 'media-api', 'response-api', 'mcp-tools', 'echo-api'] as const)(
    '%s shows its own',
    async (name) => {
      const document = await call(urlOf(name), 'GET', '/openapi.json');
      expect(document).toMatchObject({ status: 200, body: { info: { title: `Gatehouse ${name}` } } });
      expect((await fetch(`${urlOf(name)}/docs/`)).status).toBe(200);
    },
  );
});
