import { KINDS, type Kind, referrersOf, RULES } from '../../libs/kong-admin/src/kinds.js';
import {
  type Entity,
  fieldsOf,
  type Item,
  keyOf,
  type KongState,
  parentsOf,
  uniqueValues,
} from '../../libs/kong-admin/src/state.js';

/** Kong's rules for its entities and nothing else: what is unique, what must be there, what falls with what. */
export class KongModel {
  readonly writes: string[] = [];
  /** Things that were there and are gone, however that came. */
  readonly gone = new Set<string>();
  private readonly entities = new Map<string, Item>();
  /** Refuses to go on after so many writes, like a node that is killed. */
  private left = Infinity;

  constructor(state: KongState) {
    for (const kind of KINDS)
      for (const entity of state[kind] ?? []) this.entities.set(`${kind}/${entity.id}`, { kind, entity });
  }

  state(): Record<Kind, Entity[]> {
    const all = [...this.entities.values()];
    const of = (kind: Kind) => all.filter((item) => item.kind === kind).map(({ entity }) => entity);
    return Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<Kind, Entity[]>;
  }

  has(key: string): boolean {
    return this.entities.has(key);
  }

  get(key: string): Entity | undefined {
    return this.entities.get(key)?.entity;
  }

  dieAfter(writes: number): void {
    this.left = writes;
  }

  put(item: Item): Promise<void> {
    return this.write(`put ${keyOf(item)}`, () => {
      const key = keyOf(item);
      for (const parent of parentsOf(item))
        if (!this.entities.has(parent.key)) throw new Error(`${key}: no ${parent.key}`);
      const values = new Set(uniqueValues(item).map((value) => value.key));
      for (const other of this.entities.values())
        if (keyOf(other) !== key && uniqueValues(other).some((value) => values.has(value.key)))
          throw new Error(`${key}: UNIQUE violation with ${keyOf(other)}`);
      const { defaults } = RULES[item.kind];
      const entity = { ...defaults, ...given(item.entity), created_at: this.writes.length };
      this.entities.set(key, { kind: item.kind, entity: entity as unknown as Entity });
    });
  }

  remove(kind: Kind, id: string): Promise<void> {
    return this.write(`delete ${kind}/${id}`, () => this.drop(`${kind}/${id}`));
  }

  private drop(key: string): void {
    const item = this.entities.get(key);
    if (item === undefined) return;
    for (const [kind, field, { cascades }] of referrersOf(item.kind)) {
      for (const child of [...this.entities.values()].filter((each) => each.kind === kind)) {
        const reference = fieldsOf(child.entity)[field] as { readonly id: string } | null | undefined;
        if (reference?.id !== item.entity.id) continue;
        if (!cascades) throw new Error(`${key} is referenced by ${keyOf(child)}`);
        this.drop(keyOf(child));
      }
    }
    this.entities.delete(key);
    this.gone.add(key);
  }

  private async write(what: string, change: () => void): Promise<void> {
    await Promise.resolve();
    if (this.left <= 0) throw new Error('killed');
    change();
    this.left -= 1;
    this.writes.push(what);
  }
}

function given(entity: Entity): object {
  return Object.fromEntries(Object.entries(fieldsOf(entity)).filter(([, value]) => value !== undefined));
}
