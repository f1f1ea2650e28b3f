export type { Asker } from './asker.js';
export { Tools } from './tools.service.js';
