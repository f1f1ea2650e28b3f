export { EdgePushes } from './edge-pushes.service.js';
export { KongSyncModule } from './kong-sync.module.js';
