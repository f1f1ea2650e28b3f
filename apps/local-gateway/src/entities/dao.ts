import * as refuse from './errors.js';
import { fillIn, withShorthands } from './defaults.js';
import type { Fields } from './field.js';
import { KINDS, type Kind, kindNamed } from './kinds.js';
import { type PluginSchemas, shapeOf, unknownPlugin } from './shape.js';
import { type Row, Table } from './table.js';
import { faultOf, faultsOf } from './validate.js';
import { type Entity, isTable, isUuid, type Value, textOf } from './value.js';

export interface Change {
  readonly kind: Kind;
  readonly operation: 'create' | 'update' | 'delete';
  readonly entity: Entity;
  readonly old?: Entity;
}
export interface Reference {
  readonly field: string;
  readonly id: string;
}
export interface WriteOptions {
  readonly ttl?: Value;
}
const DAO_MAX_TTL = 100_000_000;

/** All entities, in memory, with Kong's rules for writing them. Every method throws a `Refusal` where Kong refuses. */
export class Dao {
  #tables = new Map(KINDS.map((kind) => [kind.name, new Table(kind)]));
  readonly #listeners: ((change: Change) => void)[] = [];

  /** @param isReadOnly without a database entities change only as a whole */
  constructor(
    readonly plugins: PluginSchemas,
    readonly isReadOnly = false,
  ) {}

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  table(name: string): Table {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`no table ${name}`);
    return table;
  }

  /** Takes every entity of a declarative configuration in the place of what is there. No change is announced. */
  replaceAll(tables: ReadonlyMap<string, readonly Row[]>): void {
    this.#tables = new Map(KINDS.map((kind) => [kind.name, new Table(kind)]));
    for (const [name, rows] of tables) for (const row of rows) this.table(name).put(row);
  }

  select(kind: string, id: string): Entity | undefined {
    return this.#shown(kind, this.table(kind).get(id));
  }

  selectBy(kind: string, field: string, value: unknown): Entity | undefined {
    return this.#shown(kind, this.table(kind).findBy(field, value));
  }

  /** By id, or by the field that stands for it in a path. */
  find(kind: Kind, key: string): Entity | undefined {
    if (isUuid(key)) return this.select(kind.name, key.toLowerCase());
    return kind.endpointKey === undefined ? undefined : this.selectBy(kind.name, kind.endpointKey, key);
  }

  /** In the order of ids: all, those behind an id, or those that refer to one. */
  *each(kind: string, which: { readonly after?: string } | Reference = {}): Generator<Entity> {
    const table = this.table(kind);
    const rows = 'field' in which ? table.referringTo(which.field, which.id) : table.rows(which.after);
    for (const row of rows) {
      const shown = this.#shown(kind, row);
      if (shown) yield shown;
    }
  }

  insert(kind: Kind, given: Entity, options: WriteOptions = {}): Entity {
    const expiresAt = this.#expiry(kind, options);
    const entity = this.check(kind, given, 'insert');
    const table = this.table(kind.name);
    this.#mayWrite('create', kind);
    if (table.get(textOf(entity['id']))) throw refuse.primaryKeyViolation({ id: entity['id'] });
    return this.#write(kind, { entity, expiresAt }, undefined);
  }

  /** Merges into what is there. @throws {Refusal} code 6 when nothing is there */
  update(kind: Kind, key: string, given: Entity, options: WriteOptions = {}): Entity {
    const expiresAt = this.#expiry(kind, options);
    const known = unknownPlugin(kind, given, this.plugins);
    if (known) throw refuse.schemaViolation(known);
    const shape = shapeOf(kind, given, this.plugins);
    const filled = fillIn(shape, given, 'update');
    if ('faults' in filled) throw refuse.schemaViolation(filled.faults);
    const row = this.#row(kind, key);
    if (!row)
      throw isUuid(key) ? refuse.notFound({ id: key }) : refuse.notFoundBy(kind.endpointKey ?? 'id', key);
    const entity = merge(shape.fields, row.entity, filled.entity);
    this.#resolve(kind, entity);
    const faults = faultsOf(shapeOf(kind, entity, this.plugins), entity, 'update');
    if (faults) throw refuse.schemaViolation(faults);
    entity['id'] = row.entity['id'];
    this.#mayWrite('update', kind, key);
    return this.#write(kind, { entity, expiresAt: expiresAt ?? row.expiresAt }, row);
  }

  /** Creates, or replaces as a whole; the id of what is there stays. */
  upsert(kind: Kind, key: string, given: Entity, options: WriteOptions = {}): Entity {
    const expiresAt = this.#expiry(kind, options);
    const row = this.#row(kind, key);
    const named = isUuid(key) ? { id: key.toLowerCase() } : { [kind.endpointKey ?? 'id']: key };
    const entity = this.check(kind, { ...given, ...named }, 'upsert');
    this.#mayWrite('create or update', kind, key);
    entity['id'] = row?.entity['id'] ?? (isUuid(key) ? key.toLowerCase() : entity['id']);
    return this.#write(kind, { entity, expiresAt }, row);
  }

  /** @throws {Refusal} code 4 while something that does not go with it refers to it */
  delete(kind: Kind, key: string): void {
    const row = this.#row(kind, key);
    if (!row) return;
    this.#mayWrite('remove', kind, key);
    this.#remove(kind, row.entity);
  }

  #mayWrite(what: string, kind: Kind, key?: string): void {
    if (!this.isReadOnly) return;
    const by = key === undefined || isUuid(key) ? '' : ` by '${kind.endpointKey}'`;
    throw refuse.unsupported(`cannot ${what} '${kind.name}' entities${by} when not using a database`);
  }

  /** What an entity would be stored as. */
  check(kind: Kind, given: Entity, context: 'insert' | 'upsert', resolve = true): Entity {
    const unknown = unknownPlugin(kind, given, this.plugins);
    if (unknown) throw refuse.schemaViolation(unknown);
    const shape = shapeOf(kind, given, this.plugins);
    const filled = fillIn(shape, given, context);
    if ('faults' in filled) throw refuse.schemaViolation(filled.faults);
    if (resolve) this.#resolve(kind, filled.entity);
    const faults = faultsOf(shape, filled.entity);
    if (faults) throw refuse.schemaViolation(faults);
    return filled.entity;
  }

  show(kind: string, entity: Entity): Entity {
    return withShorthands(shapeOf(kindNamed(kind), entity, this.plugins), entity);
  }

  #row(kind: Kind, key: string): Row | undefined {
    if (isUuid(key)) return this.table(kind.name).get(key.toLowerCase());
    return kind.endpointKey === undefined ? undefined : this.table(kind.name).findBy(kind.endpointKey, key);
  }

  #shown(kind: string, row: Row | undefined): Entity | undefined {
    if (!row) return undefined;
    const shown = this.show(kind, row.entity);
    if (this.table(kind).kind.ttl)
      shown['ttl'] = row.expiresAt === undefined ? null : Math.ceil((row.expiresAt - Date.now()) / 1000);
    return shown;
  }

  #write(kind: Kind, row: Row, old: Row | undefined): Entity {
    const table = this.table(kind.name);
    const taken = table.taken(row.entity);
    if (taken !== undefined) {
      const names = taken === '@together' ? (kind.uniqueTogether ?? []) : [taken];
      throw refuse.uniqueViolation(Object.fromEntries(names.map((name) => [name, row.entity[name] ?? null])));
    }
    for (const [name, field] of Object.entries(kind.fields)) {
      const key = row.entity[name];
      if (field.type !== 'foreign' || !isTable(key)) continue;
      if (!this.table(field.reference ?? '').get(textOf(key['id'])))
        throw refuse.invalidReference(key, name, field.reference ?? '');
      row.entity[name] = { id: key['id'] };
    }
    table.put(row);
    this.#announce({ kind, operation: old ? 'update' : 'create', entity: row.entity, old: old?.entity });
    return this.#shown(kind.name, row) ?? row.entity;
  }

  #remove(kind: Kind, entity: Entity): void {
    const id = textOf(entity['id']);
    const children = KINDS.flatMap((child) =>
      Object.entries(child.fields)
        .filter(([, field]) => field.type === 'foreign' && field.reference === kind.name)
        .map(([field, { on_delete: onDelete }]) => ({ child, field, cascades: onDelete === 'cascade' })),
    );
    for (const { child, field } of children.filter(({ cascades }) => !cascades))
      if (!this.each(child.name, { field, id }).next().done)
        throw refuse.stillReferenced(kind.name, child.name);
    for (const { child, field } of children.filter(({ cascades }) => cascades))
      for (const each of [...this.each(child.name, { field, id })]) this.#remove(child, each);
    this.table(kind.name).delete(id);
    this.#announce({ kind, operation: 'delete', entity });
  }

  /** `{"name": "x"}` in the place of `{"id": …}` is looked up. */
  #resolve(kind: Kind, entity: Entity): void {
    for (const [name, field] of Object.entries(kind.fields)) {
      const key = entity[name];
      if (field.type !== 'foreign' || !isTable(key) || isUuid(key['id'])) continue;
      const parent = this.table(field.reference ?? '').kind;
      for (const [by, unique] of Object.entries(parent.fields)) {
        const value = key[by];
        if (!unique.unique || value === null || value === undefined || faultOf(unique, value) !== undefined)
          continue;
        const found = this.table(parent.name).findBy(by, value);
        if (!found) throw refuse.foreignKeyUnresolved(name, by, value, parent.name);
        entity[name] = { id: found.entity['id'] };
        break;
      }
    }
  }

  #expiry(kind: Kind, { ttl }: WriteOptions): number | undefined {
    if (!kind.ttl || ttl === undefined || ttl === null) return undefined;
    const seconds = Number(ttl);
    if (typeof ttl === 'boolean' || !Number.isInteger(seconds) || seconds < 0 || seconds > DAO_MAX_TTL)
      throw refuse.invalidOptions({ ttl: `must be an integer between 0 and ${DAO_MAX_TTL}` });
    return seconds === 0 ? undefined : Date.now() + seconds * 1000;
  }

  #announce(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Records are merged field by field, anything else is replaced. */
function merge(fields: Fields, below: Entity, above: Entity): Entity {
  const merged: Entity = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const [there, field] = [below[name], fields[name]];
    if (value === undefined) continue;
    const isRecord = field?.type === 'record' && isTable(value) && isTable(there);
    merged[name] = isRecord ? merge(field.fields ?? {}, there, value) : value;
  }
  return merged;
}
