export { EdgePushes } from './edge-pushes.service.js';
export { KongSyncModule } from './kong-sync.module.js';
export { CreateKongSync1763900000009 } from './sync-state.migrations.js';
export { SyncStateRow } from './sync-state.entity.js';
