export { ApiKeyResolver } from './api-key.resolver.js';
export { ApiKeyRow } from './api-key.entity.js';
export { ApiKeysModule } from './api-keys.module.js';
export { CreateApiKeys1763800000004 } from './api-keys.migrations.js';
export { KeyRefused } from './api-keys.problems.js';
export { GatewayCallGuard } from './gateway-call.guard.js';
export { KeyValidator } from './key-validator.service.js';
