import { afterAll, beforeAll } from '@jest/globals';
import pg from 'pg';
import { eventually } from './auth-api.js';
import type { Answer, Body } from './client.js';
import { type LlmProvider, useProvider } from './llm-provider.js';
import {
  type Caller,
  type RunningService,
  serviceKey,
  startService,
  type TestService,
  useService,
} from './service.js';
import { createTestDatabase } from './stack.js';

export const MODEL = 'gpt-x';

/** response-api on llm-api on a provider of models: each a process or a server of its own. */
export interface TestResponses {
  readonly api: TestService;
  readonly llm: () => RunningService;
  readonly provider: () => LlmProvider;
  readonly databaseUrl: () => string;
  /** How many responses of somebody are in the database. */
  readonly kept: (ownerId: string) => Promise<number>;
  readonly create: (as: Caller, input: unknown, more?: object) => Promise<Answer>;
  /** What the provider was told last. */
  readonly told: () => Body;
}

/** @param environment of response-api */
export function useResponses(
  purpose: string,
  environment: Readonly<Record<string, string>> = {},
): TestResponses {
  const provider = useProvider();
  let llm: RunningService | undefined;
  let database: string | undefined;
  beforeAll(async () => {
    database = await createTestDatabase(purpose.replace(/\W/g, '_'));
    llm = await startService('llm-api', purpose, {
      LLM_PROVIDER_URL: provider().url,
      LLM_FIRST_BYTE_TIMEOUT_MS: '2000',
    });
  });
  afterAll(() => llm?.stop());
  const running = () => {
    if (llm === undefined) throw new Error('llm-api is started before the first test');
    return llm;
  };
  const databaseUrl = () => {
    if (database === undefined) throw new Error('the database is made before the first test');
    return database;
  };
  const api = useService('response-api', purpose, () => ({
    DATABASE_URL: databaseUrl(),
    LLM_API_URL: running().url,
    LLM_API_IDENTITY_KEY: serviceKey('llm-api'),
    ...environment,
  }));
  return {
    api,
    llm: running,
    provider,
    databaseUrl,
    kept: (ownerId) => countKept(databaseUrl(), ownerId),
    create: (as, input, more = {}) =>
      api.post('/v1/responses', { as, body: { model: MODEL, input, ...more } }),
    told: () => provider().last.body.messages,
  };
}

async function countKept(connectionString: string, ownerId: string): Promise<number> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT id FROM responses WHERE owner_id = $1', [ownerId]);
    return rows.length;
  } finally {
    await client.end();
  }
}

/** The log line of a request, when it is written. */
export async function logLine(
  service: RunningService,
  part: Readonly<Record<string, unknown>>,
): Promise<Body> {
  const lines = () =>
    service
      .output()
      .split('\n')
      .filter((line) => line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter((line) => Object.entries(part).every(([name, value]) => line[name] === value));
  await eventually(() => lines().length > 0, `a line of the log has ${JSON.stringify(part)}`);
  return lines()[0];
}

/** The events of a Responses stream. */
export function eventsOf(text: string): Body[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const [name = '', data = ''] = block.split('\n');
      const event = JSON.parse(data.replace(/^data: /, ''));
      if (name !== `event: ${event.type}`) throw new Error(`event ${name} says it is ${event.type}`);
      return event;
    });
}
