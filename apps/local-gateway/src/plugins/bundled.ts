import { aclPlugin } from './acl.js';
import { corsPlugin } from './cors.js';
import type { PluginHandler } from './handler.js';
import { jwtPlugin } from './jwt.js';
import { keyAuthPlugin } from './key-auth.js';
import { oauth2Plugin } from './oauth2.js';
import { createRateLimiting } from './rate-limiting.js';
import { requestTerminationPlugin } from './request-termination.js';
import { requestTransformerPlugin } from './request-transformer.js';

/** Accepted so that a topology with it loads; what it would measure itself is not measured. */
const prometheusPlugin: PluginHandler = { name: 'prometheus', version: '3.9.3', priority: 13 };

export const bundledHandlers = (): readonly PluginHandler[] => [
  corsPlugin, jwtPlugin, oauth2Plugin, keyAuthPlugin, aclPlugin, createRateLimiting(), requestTransformerPlugin,
  prometheusPlugin, requestTerminationPlugin,
]; // prettier-ignore
