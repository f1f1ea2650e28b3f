export { ChangeFeed, type Change } from './change-feed.js';
export { CoherentCache } from './coherent-cache.js';
export { Database, type PreparedStatement } from './database.js';
export { Jobs, type JobHandler } from './jobs.js';
export { Locks } from './locks.js';
export { PROCESS_ID } from './process-identity.js';
export { StorageModule } from './storage.module.js';
export type { StorageOptions } from './options.js';
export { Busy, sqlState, StorageUnavailable } from './storage.problems.js';
