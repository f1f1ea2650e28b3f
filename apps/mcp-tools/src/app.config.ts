import { type Parsed, setting } from '#config';
import { serviceSettings } from '#service';
import type { McpOptions } from './mcp/index.js';

/** Every setting of mcp-tools, and the only place that reads the environment. */
export const SETTINGS = {
  ...serviceSettings({ port: 8091, internalPort: 9091 }),
  LLM_API_URL: setting.url('Where mcp-tools reaches llm-api.').default('http://127.0.0.1:8081'),
  LLM_API_IDENTITY_KEY: setting.key(
    "llm-api's GATEWAY_IDENTITY_KEY: callers are passed on to it in the gateway's form.",
  ),
  MEDIA_API_URL: setting.url('Where mcp-tools reaches media-api.').default('http://127.0.0.1:8285'),
  MEDIA_API_IDENTITY_KEY: setting.key("media-api's GATEWAY_IDENTITY_KEY, for the same."),
  MCP_ALLOWED_ORIGINS: setting
    .list('Origins of web pages that may call /mcp beside that of PUBLIC_URL, with commas between; * is any.')
    .default([]),
};

export type AppConfig = Parsed<typeof SETTINGS>;

export function mcpOptions(config: AppConfig): McpOptions {
  const { LLM_API_IDENTITY_KEY: llmKey, MEDIA_API_IDENTITY_KEY: mediaKey } = config;
  const origins = [new URL(config.PUBLIC_URL).origin, ...config.MCP_ALLOWED_ORIGINS];
  return {
    allowedOrigins: origins.map((origin) => origin.toLowerCase()),
    realm: config.KEYCLOAK_REALM,
    llmApi: { name: 'llm-api', url: config.LLM_API_URL, identityKey: llmKey },
    mediaApi: { name: 'media-api', url: config.MEDIA_API_URL, identityKey: mediaKey },
  };
}
