import type { Logger } from 'pino';
import type { EntitySchema, MixedList } from 'typeorm';

/** What an app tells storage: where, how much, and which tables it owns. */
export interface StorageOptions {
  readonly url: string;
  /** Connections for requests; up to 16 more are used for locks, the change feed and jobs. */
  readonly poolMax: number;
  // TypeORM's own type for entity and migration classes.
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
  readonly entities: readonly (Function | EntitySchema)[];
  // eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
  readonly migrations: MixedList<Function | string>;
  readonly logger: Logger;
}

export const STORAGE_OPTIONS = Symbol('storage options');
