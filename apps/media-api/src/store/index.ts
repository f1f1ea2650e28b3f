export { newMediaId } from './media-id.js';
export { type ByteRange, MEDIA_STORE, type MediaObject, type MediaStore, type Usage } from './media-store.js';
export { StoreModule } from './store.module.js';
export type { StoreOptions } from './store.options.js';
export { StoreFull, StoreUnavailable } from './store.problems.js';
