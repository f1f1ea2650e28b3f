import type { EntityCheck, Fields, Shorthand } from './field.js';

/** A kind of entity: its fields, how it is found, and where the Admin API shows it. */
export interface Kind {
  readonly name: string;
  readonly fields: Fields;
  readonly entity_checks?: readonly EntityCheck[];
  readonly shorthand_fields?: Readonly<Record<string, Shorthand>>;
  /** The unique field that may stand in a path instead of the id. */
  readonly endpointKey?: string;
  /** Fields that are unique together. */
  readonly uniqueTogether?: readonly string[];
  readonly ttl?: boolean;
  readonly adminName?: string;
  readonly nestedName?: string;
  readonly hasNoApi?: boolean;
}
