import type { Entity, Value } from './value.js';

type Check = (value: Value) => string | undefined;

/**
 * A field as Kong's schemas describe one, in their own words, so that a schema written in Lua and one written here are
 * the same data (and `/schemas/plugins/…` can show both).
 */
export interface Field {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'set' | 'map' | 'record' | 'foreign' | 'json' | 'any' | 'function'; // prettier-ignore
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: Value;
  readonly auto?: boolean;
  readonly uuid?: boolean;
  readonly unique?: boolean;
  readonly timestamp?: boolean;
  readonly immutable?: boolean;
  readonly referenceable?: boolean;
  readonly encrypted?: boolean;
  readonly abstract?: boolean;
  readonly err?: string;
  readonly eq?: Value;
  readonly ne?: Value;
  readonly gt?: number;
  readonly between?: readonly number[];
  readonly one_of?: readonly (string | number)[];
  readonly not_one_of?: readonly (string | number)[];
  readonly len_eq?: number;
  readonly len_min?: number;
  readonly len_max?: number;
  readonly starts_with?: string;
  readonly match?: string;
  readonly not_match?: string;
  readonly match_all?: readonly { readonly pattern: string; readonly err: string }[];
  readonly match_none?: readonly { readonly pattern: string; readonly err: string }[];
  readonly match_any?: { readonly patterns: readonly string[]; readonly err?: string };
  readonly is_regex?: boolean;
  readonly contains?: Value;
  readonly custom_validator?: Check;
  readonly mutually_exclusive_subsets?: readonly (readonly string[])[];
  readonly elements?: Field;
  readonly keys?: Field;
  readonly values?: Field;
  readonly fields?: Fields;
  readonly reference?: string;
  readonly on_delete?: 'cascade';
  readonly entity_checks?: readonly EntityCheck[];
  readonly shorthand_fields?: Readonly<Record<string, Shorthand>>;
}

export type Fields = Readonly<Record<string, Field>>;

/** A field of older versions that stands for others. `shown`: where its value is read from in an answer. */
export interface Shorthand extends Field {
  readonly func: (value: Value) => Entity | undefined;
  readonly shown?: string;
}

type Matcher = Partial<Field>;

/** What must hold between fields; each is one of Kong's kinds of check. */
export interface EntityCheck {
  readonly at_least_one_of?: readonly string[];
  readonly only_one_of?: readonly string[];
  readonly distinct?: readonly string[];
  readonly mutually_required?: readonly string[];
  readonly mutually_exclusive?: readonly string[];
  readonly conditional?: {
    readonly if_field: string;
    readonly if_match: Matcher;
    readonly then_field: string;
    readonly then_match: Matcher;
    readonly then_err?: string;
  };
  readonly conditional_at_least_one_of?: {
    readonly if_field: string;
    readonly if_match: Matcher;
    readonly then_at_least_one_of: readonly string[];
    readonly then_err?: string;
    readonly else_match?: Matcher;
    readonly else_then_at_least_one_of?: readonly string[];
    readonly else_then_err?: string;
  };
  readonly custom_entity_check?: {
    readonly field_sources: readonly string[];
    readonly fn: (entity: Entity) => string | undefined;
  };
}

export interface Shape {
  readonly fields: Fields;
  readonly entity_checks?: readonly EntityCheck[];
  readonly shorthand_fields?: Readonly<Record<string, Shorthand>>;
}
