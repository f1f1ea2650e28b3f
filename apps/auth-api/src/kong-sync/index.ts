export { EdgePushes } from './edge-pushes.service.js';
export { KongSyncModule } from './kong-sync.module.js';
export { RealmKeyRow } from './realm-key.entity.js';
export { CreateRealmKeys1763900000008 } from './realm-keys.migrations.js';
export { CreateKongSync1763900000009 } from './sync-state.migrations.js';
export type { RealmKeysOptions } from './realm-keys.options.js';
export { SyncStateRow } from './sync-state.entity.js';
