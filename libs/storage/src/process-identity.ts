import { randomUUID } from 'node:crypto';

/** This process among all that share the database: its change feed's `application_name` and its worker's id. */
export const PROCESS_ID = `gatehouse:${randomUUID()}`;
