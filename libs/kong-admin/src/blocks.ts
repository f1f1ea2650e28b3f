import { describeItem, type Item, keyOf, parentsOf, uniqueValues } from './state.js';
import type { World } from './world.js';

/**
 * What must stay as it is, and why: it could not be otherwise without touching what is not ours. One block may bring
 * the next, so they are looked for until there are no more.
 */
export function blocksOf(world: World): ReadonlyMap<string, string> {
  const blocks = new Map<string, string>();
  const twins = twinsOf(world);
  for (let known = -1; known < blocks.size;) {
    known = blocks.size;
    for (const [key, item] of world.wanted) {
      const why = blocks.has(key) ? undefined : (twins.get(key) ?? whyNotWritten(item, world, blocks));
      if (why !== undefined) blocks.set(key, why);
    }
    for (const [key] of world.stale) {
      const why = blocks.has(key) ? undefined : whyNotDeleted(key, world, blocks);
      if (why !== undefined) blocks.set(key, why);
    }
  }
  return blocks;
}

type Blocks = ReadonlyMap<string, string>;

function whyNotWritten(item: Item, world: World, blocks: Blocks): string | undefined {
  const key = keyOf(item);
  const current = world.there.get(key);
  if (current && !world.isOurs(current)) return 'what has this id is not ours: it lacks our tag';
  for (const { fields, key: value } of uniqueValues(item)) {
    const holder = world.holders.get(value);
    if (holder === undefined || keyOf(holder) === key) continue;
    const who = `${describeItem(holder, world.there)} (${holder.entity.id}) has the same ${fields}`;
    if (!world.isOurs(holder)) return `${who} and is not ours: it lacks our tag`;
    if (blocks.has(keyOf(holder))) return `${who} and is blocked`;
  }
  const parent = parentsOf(item).find(({ key: of }) => blocks.has(of) && !isThere(of, world));
  return parent && `it belongs to ${describe(parent.key, world)}, which is blocked`;
}

/** There and ours: blocked or not, what belongs to it has a place. */
function isThere(key: string, world: World): boolean {
  const current = world.there.get(key);
  return current !== undefined && world.isOurs(current);
}

function whyNotDeleted(key: string, world: World, blocks: Blocks): string | undefined {
  for (const child of world.childrenOf(key)) {
    const childKey = keyOf(child);
    const wanted = world.wanted.get(childKey);
    const who = describeItem(child, world.there);
    if (!world.isOurs(child)) return `${who} (${child.entity.id}) belongs to it and is not ours`;
    if (blocks.has(childKey)) return `${who} belongs to it and is blocked`;
    if (wanted && parentsOf(wanted).some(({ key: of }) => of === key)) return `${who} is to belong to it`;
    if (!wanted && !world.stale.has(childKey)) return `${who} belongs to it and is not looked after here`;
  }
  return undefined;
}

/** Two that should be and can not be both. */
function twinsOf({ wanted }: World): Blocks {
  const first = new Map<string, Item>();
  const twins = new Map<string, string>();
  for (const [key, item] of wanted) {
    for (const { fields, key: value } of uniqueValues(item)) {
      const other = first.get(value);
      if (other === undefined) first.set(value, item);
      else twins.set(key, `${describeItem(other, wanted)} is to have the same ${fields}`);
    }
  }
  return twins;
}

function describe(key: string, world: World): string {
  const item = world.wanted.get(key) ?? world.there.get(key);
  return item ? describeItem(item, world.wanted) : key;
}
