export { ResponseRow } from './response.entity.js';
export { CreateResponses1764000000001 } from './responses.migrations.js';
export { ResponsesModule } from './responses.module.js';
