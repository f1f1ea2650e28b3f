export { AuditEvent } from './audit-event.entity.js';
export { AuditModule } from './audit.module.js';
export { AuditService } from './audit.service.js';
export { RequestOrigin, type Origin } from './origin.decorator.js';
export { CreateAudit1763800000001 } from './audit.migrations.js';
