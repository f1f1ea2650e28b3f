import { type Parsed, setting } from '#config';
import { serviceSettings } from '#service';

/** Every setting of mcp-tools, and the only place that reads the environment. */
export const SETTINGS = {
  ...serviceSettings({ port: 8091, internalPort: 9091 }),
  LLM_API_URL: setting.url('Where mcp-tools reaches llm-api.').default('http://127.0.0.1:8081'),
  LLM_API_IDENTITY_KEY: setting.key(
    "llm-api's GATEWAY_IDENTITY_KEY: callers are passed on to it in the gateway's form.",
  ),
  MEDIA_API_URL: setting.url('Where mcp-tools reaches media-api.').default('http://127.0.0.1:8285'),
  MEDIA_API_IDENTITY_KEY: setting.key("media-api's GATEWAY_IDENTITY_KEY, for the same."),
};

export type AppConfig = Parsed<typeof SETTINGS>;
