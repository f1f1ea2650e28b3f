import type { Kind } from './kinds.js';
import { type Entity, isTable, textOf } from './value.js';

export interface Row {
  readonly entity: Entity;
  /** In milliseconds; a row past it is not there. */
  readonly expiresAt?: number;
}

/** One kind of entity in memory, with an index for every unique field and for every reference. */
export class Table {
  readonly #rows = new Map<string, Row>();
  readonly #unique: ReadonlyMap<string, Map<string, string>>;
  /** By field and by what it refers to: the ids of those that do. */
  readonly #referrers: ReadonlyMap<string, Map<string, Set<string>>>;
  #order: string[] | undefined;

  constructor(readonly kind: Kind) {
    const fields = Object.entries(kind.fields).filter(([, field]) => field.unique);
    this.#unique = new Map(fields.map(([name]) => [name, new Map<string, string>()]));
    if (kind.uniqueTogether) (this.#unique as Map<string, Map<string, string>>).set('@together', new Map());
    const references = Object.entries(kind.fields).filter(([, { type }]) => type === 'foreign');
    this.#referrers = new Map(references.map(([name]) => [name, new Map<string, Set<string>>()]));
  }

  get(id: string): Row | undefined {
    const row = this.#rows.get(id);
    if (row?.expiresAt === undefined || row.expiresAt > Date.now()) return row;
    this.delete(id);
    return undefined;
  }

  findBy(field: string, value: unknown): Row | undefined {
    const index = this.#unique.get(field);
    const id = index?.get(String(value));
    return id === undefined ? undefined : this.get(id);
  }

  put(row: Row): void {
    const id = textOf(row.entity['id']);
    const old = this.#rows.get(id);
    if (old) this.#unindex(old.entity);
    else this.#order = undefined;
    this.#rows.set(id, row);
    for (const [name, index] of this.#unique) {
      const key = this.keyOf(name, row.entity);
      if (key !== undefined) index.set(key, id);
    }
    for (const [name, index] of this.#referrers) {
      const to = referenceOf(row.entity, name);
      if (to === undefined) continue;
      const ids = index.get(to);
      if (ids) ids.add(id);
      else index.set(to, new Set([id]));
    }
  }

  delete(id: string): void {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#rows.delete(id);
    this.#unindex(row.entity);
  }

  clear(): void {
    this.#rows.clear();
    this.#order = undefined;
    for (const index of this.#unique.values()) index.clear();
    for (const index of this.#referrers.values()) index.clear();
  }

  /**
   * Every row, in the order of ids, as PostgreSQL pages them.
   *
   * @param after only those behind this id
   */
  *rows(after = ''): Generator<Row> {
    const order = (this.#order ??= [...this.#rows.keys()].sort());
    for (let at = firstBehind(order, after); at < order.length; at += 1) {
      const row = this.get(order[at] ?? '');
      if (row) yield row;
    }
  }

  /** Those whose field refers to this id, in the order of ids. */
  *referringTo(field: string, to: string): Generator<Row> {
    for (const id of [...(this.#referrers.get(field)?.get(to) ?? [])].sort()) {
      const row = this.get(id);
      if (row) yield row;
    }
  }

  /** The first unique field (or `@together`) whose value another row has. */
  taken(entity: Entity): string | undefined {
    for (const [name, index] of this.#unique) {
      const key = this.keyOf(name, entity);
      const owner = key === undefined ? undefined : index.get(key);
      if (owner !== undefined && owner !== entity['id'] && this.get(owner)) return name;
    }
    return undefined;
  }

  keyOf(name: string, entity: Entity): string | undefined {
    if (name === '@together')
      return (this.kind.uniqueTogether ?? [])
        .map((field) => {
          const value = entity[field];
          return isTable(value) ? textOf(value['id']) : textOf(value ?? '');
        })
        .join('\u0000');
    const value = entity[name];
    return value === null || value === undefined ? undefined : textOf(value);
  }

  #unindex(entity: Entity): void {
    for (const [name, index] of this.#unique) {
      const key = this.keyOf(name, entity);
      if (key !== undefined && index.get(key) === entity['id']) index.delete(key);
    }
    for (const [name, index] of this.#referrers) {
      const to = referenceOf(entity, name) ?? '';
      const ids = index.get(to);
      ids?.delete(textOf(entity['id']));
      if (ids?.size === 0) index.delete(to);
    }
  }
}

function referenceOf(entity: Entity, field: string): string | undefined {
  const reference = entity[field];
  return isTable(reference) ? textOf(reference['id']) : undefined;
}

/** Where in a sorted list the first one behind this begins. */
function firstBehind(order: readonly string[], after: string): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((order[middle] ?? '') <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
