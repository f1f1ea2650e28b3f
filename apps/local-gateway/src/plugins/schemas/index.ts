import { acl, jwt, keyAuth, oauth2 } from './authentication.js';
import { rateLimiting } from './rate-limiting.js';
import type { PluginSchema } from './schema.js';
import { cors, prometheus, requestTermination, requestTransformer } from './traffic.js';

export type { PluginSchema } from './schema.js';

/** The plugins of Kong's own that are built in. */
export const bundledSchemas = (mode: 'db' | 'dbless'): readonly PluginSchema[] => [
  jwt, oauth2, keyAuth, acl, rateLimiting(mode), requestTransformer, cors, requestTermination, prometheus,
]; // prettier-ignore
