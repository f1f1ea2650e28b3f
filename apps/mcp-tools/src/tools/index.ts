export { Tools } from './tools.service.js';
