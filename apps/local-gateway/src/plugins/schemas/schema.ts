import type { EntityCheck, Fields } from '../../entities/field.js';

/** What a plugin adds to the kind `plugins`: fields it narrows (`consumer`, `protocols`) and its `config`. */
export interface PluginSchema {
  readonly name: string;
  readonly fields: Fields;
  readonly entity_checks?: readonly EntityCheck[];
}
