import type { ServiceAddress } from '#service';

export interface McpOptions {
  /** Of web pages that may call; `*` is any. */
  readonly allowedOrigins: readonly string[];
  /** Named in what a key lacks. */
  readonly realm: string;
  readonly llmApi: ServiceAddress;
  readonly mediaApi: ServiceAddress;
}

export const MCP_OPTIONS = Symbol('mcp options');
