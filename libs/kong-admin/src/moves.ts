import { type Change, changesOf } from './compare.js';
import { referrersOf, RULES } from './kinds.js';
import type { PluginDefaults } from './plugin-defaults.js';
import { type Entity, fieldsOf, type Item, keyOf, parentsOf, uniqueValues } from './state.js';
import type { World } from './world.js';

/** `park`: a name that another entity is to have is given up first, for one that nobody wants. */
export type Operation = 'park' | 'delete' | 'create' | 'update';

export interface Move {
  readonly operation: Operation;
  /** Of a delete what is there, else what is to be. */
  readonly item: Item;
  readonly changes: readonly Change[];
}

/** Everything to be done, in four parts of which the later need the earlier. */
export interface Moves {
  readonly parked: readonly Move[];
  readonly deletedFirst: readonly Move[];
  readonly made: readonly Move[];
  readonly deletedLast: readonly Move[];
  /** Deleted by Kong together with what they belong to. */
  readonly falling: number;
  readonly unchanged: number;
}

interface MoveRules {
  readonly opens: (item: Item) => boolean;
  readonly pluginDefaults: PluginDefaults | undefined;
}

/** @param blocks keys of what must stay as it is */
export function movesOf(
  world: World,
  blocks: ReadonlyMap<string, string>,
  { opens, pluginDefaults }: MoveRules,
): Moves {
  const free = [...world.wanted.values()].filter((item) => !blocks.has(keyOf(item)));
  const writes = free.flatMap((item) => writeOf(item, world, pluginDefaults));
  const way = clearWay(writes, world);
  const deletes = deletesOf(world, { blocks, opens, inTheWay: way.keys });
  return {
    parked: way.parked,
    deletedFirst: [...way.deleted, ...deletes.first],
    made: writes.map((move) =>
      way.deleted.some(({ item }) => keyOf(item) === keyOf(move.item))
        ? { ...move, operation: 'create', changes: [] }
        : move,
    ),
    deletedLast: deletes.last,
    falling: deletes.falling,
    unchanged: free.length - writes.length,
  };
}

function writeOf(item: Item, world: World, defaults: PluginDefaults | undefined): Move[] {
  const current = world.there.get(keyOf(item));
  if (current === undefined) return [{ operation: 'create', item, changes: [] }];
  const changes = changesOf(item.kind, item.entity, current.entity, defaults);
  return changes.length === 0 ? [] : [{ operation: 'update', item, changes }];
}

/** What has a unique value that something else is to have. What is deleted anyway needs nothing more. */
function clearWay(writes: readonly Move[], world: World) {
  const keys = new Set<string>();
  const parked: Move[] = [];
  const deleted: Move[] = [];
  for (const { item } of writes) {
    for (const { key: value } of uniqueValues(item)) {
      const holder = world.holders.get(value);
      const key = holder && keyOf(holder);
      if (holder === undefined || key === undefined || key === keyOf(item) || keys.has(key)) continue;
      keys.add(key);
      if (world.stale.has(key) && !isNeeded(key, world)) continue;
      // What nothing belongs to can go and come back; its name may be a credential, for which there is no other.
      if (referrersOf(holder.kind).length > 0) parked.push(parkOf(holder));
      else deleted.push({ operation: 'delete', item: holder, changes: [] });
    }
  }
  return { keys, parked, deleted };
}

function parkOf({ kind, entity }: Item): Move {
  const [name, ...others] = RULES[kind].unique.flat();
  const kept = Object.entries(fieldsOf(entity)).filter(
    ([field, value]) =>
      value !== null && !['created_at', 'updated_at', ...others].includes(field) && field !== name,
  );
  const parked = {
    ...Object.fromEntries(kept),
    [name ?? 'name']: `parked-${entity.id}`,
  } as unknown as Entity;
  return { operation: 'park', item: { kind, entity: parked }, changes: changesOf(kind, parked, entity) };
}

/** Something that stays, or has to go after it, still refers to it. */
function isNeeded(key: string, world: World): boolean {
  return world.childrenOf(key).some((child) => {
    const childKey = keyOf(child);
    if (world.wanted.has(childKey)) return true;
    const falls = parentsOf(child).some(({ key: of, cascades }) => of === key && cascades);
    return !falls && isNeeded(childKey, world);
  });
}

interface DeleteRules {
  readonly blocks: ReadonlyMap<string, string>;
  readonly opens: (item: Item) => boolean;
  readonly inTheWay: ReadonlySet<string>;
}

function deletesOf(world: World, { blocks, opens, inTheWay }: DeleteRules) {
  const first: Move[] = [];
  const last: Move[] = [];
  let falling = 0;
  for (const [key, item] of world.stale) {
    if (blocks.has(key)) continue;
    const closes = item.kind === 'plugins' && !opens(item) && !inTheWay.has(key);
    const parents = parentsOf(item).filter(
      ({ key: of, cascades }) => cascades && world.stale.has(of) && !blocks.has(of),
    );
    if (parents.some(({ key: of }) => closes || !isNeeded(of, world))) falling += 1;
    else (closes || isNeeded(key, world) ? last : first).push({ operation: 'delete', item, changes: [] });
  }
  return { first, last, falling };
}
