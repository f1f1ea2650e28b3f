export { ApplicationRow } from './application.entity.js';
export { ApplicationsModule } from './applications.module.js';
export { CreateApplications1763900000007 } from './applications.migrations.js';
export { ApplicationEndUserRow, EndUserRow } from './end-user.entity.js';
export { SubscriptionRow } from './subscription.entity.js';
