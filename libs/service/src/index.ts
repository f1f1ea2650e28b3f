export { AddressLimitGuard, AddressLimitModule, LimitByAddress } from './address-limit.guard.js';
export { LOCATION, NO_STORE } from './answer-headers.js';
export { dropRest } from './drop-rest.js';
export { EDGE_ACCESS } from './edge-access.js';
export { ClientGone, goneSignal } from './gone.js';
export { type OnBehalf, onBehalfOf } from './on-behalf.js';
export { sendEvents } from './event-stream.js';
export { HealthModule } from './health/health.module.js';
export { type Program, runService } from './run.js';
export { listenSettings, principalOptions, type ServiceConfig, serviceSettings } from './settings.js';
export { clientNetwork } from './client-network.js';
export { IsEmailAddress, IsText, Optional, Trimmed } from './fields.js';
export type { SchemaObject } from './openapi.js';
export { createService, openApiOf, type ProblemMembers, type ServiceOptions } from './service.js';
export {
  type ServiceAddress,
  type ServiceCall,
  ServiceClient,
  ServiceUnreachable,
} from './service-client.js';
export { bodySchema, parseBody } from './open-body.js';
export { PageQuery, ShortPageQuery } from './page-query.js';
export { problemPage } from './problem-pages.js';
export { UuidParam } from './validation.js';
