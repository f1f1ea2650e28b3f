export type { Consumer, Credential, DesiredConsumer, RateLimits } from './consumer.js';
export { ConsumerRow } from './consumer.entity.js';
export { ConsumersModule } from './consumers.module.js';
export { CreateConsumers1763900000006, CreateRegistrations1763900000011 } from './consumers.migrations.js';
export { CredentialRow } from './credential.entity.js';
export { type Backlog, DesiredConsumers, type Refusal } from './desired-consumers.service.js';
export { RegistrationRow } from './registration.entity.js';
