export { streamMessages } from './body.js';
export { McpModule } from './mcp.module.js';
export type { McpOptions } from './mcp.options.js';
