export { AddressLimitGuard, AddressLimitModule, LimitByAddress } from './address-limit.guard.js';
export { LOCATION, NO_STORE } from './answer-headers.js';
export { clientNetwork } from './client-network.js';
export { IsEmailAddress, IsText, Optional, Trimmed } from './fields.js';
export {
  createService,
  openApiOf,
  startService,
  type RunningService,
  type ServiceOptions,
} from './service.js';
export { problemPage } from './problem-pages.js';
export { UuidParam } from './validation.js';
