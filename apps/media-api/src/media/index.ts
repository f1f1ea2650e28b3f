export { streamUploads } from './bodies.js';
export { MediaModule } from './media.module.js';
export type { MediaOptions } from './media.options.js';
