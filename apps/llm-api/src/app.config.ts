import { type Parsed, setting } from '#config';
import { serviceSettings } from '#service';

/** Every setting of llm-api, and the only place that reads the environment. */
export const SETTINGS = {
  ...serviceSettings({ port: 8081, internalPort: 9081 }),
  LLM_PROVIDER_URL: setting
    .url('An OpenAI-compatible server, up to and with /v1. Without any provider a built-in echo answers.')
    .optional(),
  LLM_PROVIDER_KEY: setting.secret('Its API key, if it wants one.', { minLength: 1 }).optional(),
  LLM_PROVIDERS: setting
    .list(
      'Further ones by the prefix of their models, with commas between: openai=https://api.openai.com/v1 answers for openai/….',
    )
    .default([]),
  LLM_PROVIDER_KEYS: setting
    .secret('Their API keys by the same prefixes, with commas between: openai=….', { minLength: 1 })
    .optional(),
  LLM_CONNECT_TIMEOUT_MS: setting
    .integer('Longest wait for a connection to a provider.', { min: 50, max: 60_000 })
    .default(5000),
  LLM_FIRST_BYTE_TIMEOUT_MS: setting
    .integer('Longest wait for the head of its answer.', { min: 50, max: 280_000 })
    .default(120_000),
  LLM_IDLE_TIMEOUT_MS: setting
    .integer('Longest silence within its answer.', { min: 50, max: 280_000 })
    .default(60_000),
};

export type AppConfig = Parsed<typeof SETTINGS>;
