export { UsageBatchRow, UsageHourRow } from './usage-hour.entity.js';
export { CreateUsage1763800000005 } from './usage.migrations.js';
export { UsageModule } from './usage.module.js';
