import { type Parsed, setting } from '#config';
import { serviceSettings } from '#service';

/** Every setting of response-api, and the only place that reads the environment. */
export const SETTINGS = {
  ...serviceSettings({ port: 8082, internalPort: 9082 }),
  DATABASE_URL: setting.url(
    'PostgreSQL 15 or newer, a database of its own; its tables are created and migrated.',
    ['postgres:', 'postgresql:'],
  ),
  LLM_API_URL: setting.url('Where response-api reaches llm-api.').default('http://127.0.0.1:8081'),
  LLM_API_IDENTITY_KEY: setting.key(
    "llm-api's GATEWAY_IDENTITY_KEY: callers are passed on to it in the gateway's form.",
  ),
  DATABASE_POOL_MAX: setting
    .integer('Connections to PostgreSQL for requests.', { min: 2, max: 100 })
    .default(10),
  RESPONSES_TTL_DAYS: setting
    .integer('For so many days a response is kept after it, or one that continues it, was made.', {
      min: 1,
      max: 3650,
    })
    .default(30),
  RESPONSES_MAX_PER_OWNER: setting
    .integer('So many responses are kept for one person or application.', { min: 1, max: 1_000_000 })
    .default(1000),
  RESPONSES_MAX_PER_GUEST: setting
    .integer('The same for a guest: guests cost nothing to make.', { min: 1, max: 1_000_000 })
    .default(50),
};

export type AppConfig = Parsed<typeof SETTINGS>;
