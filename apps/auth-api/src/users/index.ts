export { PresentSubject } from './subject-check.service.js';
export { PresentUsers } from './present-users.service.js';
export { isGuest, refusalOf, splitName, type User } from './user.js';
export { UserRow } from './user.entity.js';
export { UsersModule } from './users.module.js';
export { userChange, UsersService } from './users.service.js';
export { CreateUsers1763800000002 } from './users.migrations.js';
export { GuestMayNot, SessionNeeded } from './users.problems.js';
