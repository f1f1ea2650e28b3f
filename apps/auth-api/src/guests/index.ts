export { GuestRow } from './guest.entity.js';
export { GuestsModule } from './guests.module.js';
export { CreateGuests1763800000003 } from './guests.migrations.js';
