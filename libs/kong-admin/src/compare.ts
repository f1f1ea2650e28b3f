import { shown } from './fingerprint.js';
import { type Kind, RULES } from './kinds.js';
import { type PluginDefaults, withDefaults } from './plugin-defaults.js';
import { type Entity, type Fields, fieldsOf } from './state.js';

/** A field that is not what it should be; secrets as fingerprints. */
export interface Change {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

/**
 * Where an entity differs from what it should be. Of what we say nothing about, only what has a known default counts:
 * Kong adds times, generated secrets, and fields of its next version, and those are no reason to write.
 */
export function changesOf(
  kind: Kind,
  desired: Entity,
  actual: Entity,
  plugins?: PluginDefaults,
): readonly Change[] {
  const { sets } = RULES[kind];
  const there: Fields = filled(kind, actual, plugins);
  const changes: Change[] = [];
  for (const [field, wanted] of Object.entries(filled(kind, desired, plugins))) {
    // Kong keeps only a hash of it: what it was made from can not be seen.
    if (field === 'client_secret' && there['hash_secret'] === true) continue;
    const found = there[field];
    if (sets.includes(field) && Array.isArray(wanted) && Array.isArray(found)) {
      if (!isSame(sorted(wanted), sorted(found))) changes.push(change(kind, field, found, wanted));
    } else changes.push(...deepChanges(kind, field, wanted, found));
  }
  return changes;
}

function filled(kind: Kind, entity: Entity, plugins: PluginDefaults | undefined): Fields {
  const fields = withGiven({ ...RULES[kind].defaults }, fieldsOf(entity));
  const config = kind === 'plugins' ? plugins?.get(String(fields['name'])) : undefined;
  return config === undefined ? fields : { ...fields, config: withDefaults(fields['config'], config) };
}

function deepChanges(kind: Kind, field: string, wanted: unknown, found: unknown): readonly Change[] {
  if (isRecord(wanted) && isRecord(found)) {
    return Object.entries(given(wanted)).flatMap(([name, inner]) =>
      deepChanges(kind, `${field}.${name}`, inner, found[name]),
    );
  }
  return isSame(wanted, found) ? [] : [change(kind, field, found, wanted)];
}

function change(kind: Kind, field: string, from: unknown, to: unknown): Change {
  return { field, from: shown(kind, field, from) ?? null, to: shown(kind, field, to) ?? null };
}

/** The same to Kong: nothing is null, and an empty table in Lua is a list as well as a record. */
function isSame(wanted: unknown, found: unknown): boolean {
  if ((wanted ?? null) === (found ?? null)) return true;
  if (isEmpty(wanted) && isEmpty(found)) return true;
  if (Array.isArray(wanted) && Array.isArray(found))
    return wanted.length === found.length && wanted.every((each, index) => isSame(each, found[index]));
  if (!isRecord(wanted) || !isRecord(found)) return false;
  return Object.entries(given(wanted)).every(([name, inner]) => isSame(inner, found[name]));
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function given(fields: Fields): Fields {
  return withGiven({}, fields);
}

/** What is undefined is not said. */
function withGiven(into: Record<string, unknown>, fields: Fields): Fields {
  for (const name in fields) if (fields[name] !== undefined) into[name] = fields[name];
  return into;
}

function sorted(values: readonly unknown[]): unknown[] {
  return [...new Set(values)].sort();
}
