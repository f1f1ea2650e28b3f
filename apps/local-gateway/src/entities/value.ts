/** A value of Kong's: `null` is set to nothing, `undefined` (Lua's nil) is not set. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value | undefined };
export type Entity = { [key: string]: Value | undefined };

export function isTable(value: unknown): value is Entity {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function copy<T extends Value | undefined>(value: T): T {
  return value === undefined ? value : structuredClone(value);
}

/** `config.redis.host` in an entity; undefined where any part is missing or null. */
export function at(entity: Entity, path: string): Value | undefined {
  let value: Value | undefined = entity;
  for (const part of path.split('.')) {
    if (!isTable(value)) return undefined;
    value = value[part];
  }
  return value;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const isUuid = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

/** `null`, an empty string and an empty table count as empty; `undefined` too. */
export function isNonempty(value: Value | undefined): boolean {
  if (value === null || value === undefined || value === '') return false;
  return Array.isArray(value) ? value.length > 0 : !isTable(value) || Object.keys(value).length > 0;
}

export function isReference(value: unknown): value is string {
  return typeof value === 'string' && /^\{vault:\/\/[^}]+\}$/.test(value);
}

/** A value as text: what it is when it is one, JSON when it is a table. */
export function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
