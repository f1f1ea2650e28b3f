import { type Item, itemsOf, keyOf, type KongState, parentsOf, uniqueValues } from './state.js';

/** What should be and what is, so that every question of a plan is one look-up. Keys are those of `keyOf`. */
export interface World {
  readonly wanted: ReadonlyMap<string, Item>;
  readonly there: ReadonlyMap<string, Item>;
  /** What is ours and should not be. */
  readonly stale: ReadonlyMap<string, Item>;
  readonly owned: number;
  readonly isOurs: (item: Item) => boolean;
  /** Who has a unique value now. */
  readonly holders: ReadonlyMap<string, Item>;
  /** What refers to something now. */
  readonly childrenOf: (key: string) => readonly Item[];
}

export function worldOf(desired: KongState, actual: KongState, tag: string): World {
  const isOurs = ({ entity }: Item): boolean => entity.tags?.includes(tag) === true;
  const wanted = byKey(itemsOf(desired));
  const existing = itemsOf(actual);
  const ours = existing.filter((item) => isOurs(item) && desired[item.kind] !== undefined);
  const holders = new Map<string, Item>();
  const children = new Map<string, Item[]>();
  for (const item of existing) {
    for (const { key } of uniqueValues(item)) holders.set(key, item);
    for (const { key } of parentsOf(item)) {
      const siblings = children.get(key);
      if (siblings) siblings.push(item);
      else children.set(key, [item]);
    }
  }
  return {
    wanted,
    there: byKey(existing),
    stale: byKey(ours.filter((item) => !wanted.has(keyOf(item)))),
    owned: ours.length,
    isOurs,
    holders,
    childrenOf: (key) => children.get(key) ?? [],
  };
}

function byKey(items: readonly Item[]): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [keyOf(item), item]));
}
