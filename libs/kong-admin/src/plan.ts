import { blocksOf } from './blocks.js';
import type { Change } from './compare.js';
import { shown } from './fingerprint.js';
import type { Kind } from './kinds.js';
import { levelsWith } from './levels.js';
import { type Move, movesOf, type Operation } from './moves.js';
import type { PluginDefaults } from './plugin-defaults.js';
import { describeItem, type Entity, fieldsOf, type Item, type KongState } from './state.js';
import { type World, worldOf } from './world.js';

export interface PlanOptions {
  /** Carried by everything that is ours; what lacks it is never touched. */
  readonly tag: string;
  /** Which plugins let somebody in: those are made last and removed first. */
  readonly opens?: (plugin: Entity) => boolean;
  /** What Kong fills in for a plugin; without it, a configuration is compared only as far as we say something. */
  readonly pluginDefaults?: PluginDefaults;
  /** Delete even if that is a large part of what we own. */
  readonly force?: boolean;
}

export interface Step {
  readonly operation: Operation;
  readonly kind: Kind;
  readonly id: string;
  /** `plugin cors`, for people. */
  readonly subject: string;
  /** Of an update: what is not as it should be. */
  readonly changes: readonly Change[];
  /** What is to be written; nothing for a delete. */
  readonly written: Written | undefined;
}

/** What is left as it is although it should be otherwise. */
export interface Blocked {
  readonly kind: Kind;
  readonly id: string;
  readonly subject: string;
  readonly why: string;
}

/** Steps that may be done in any order, or at the same time. */
export interface PlanLevel {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** As JSON it is for people: no secret is in it, only fingerprints. */
export interface Plan {
  readonly levels: readonly PlanLevel[];
  readonly blocked: readonly Blocked[];
  /** Why nothing of this may be done before a person has agreed. */
  readonly held: string | undefined;
  readonly unchanged: number;
  /** Deleted by Kong together with what they belong to. */
  readonly falling: number;
}

/** An entity in a plan: whoever prints it sees no secret, whoever applies it reveals it. */
export class Written {
  readonly #item: Item;

  constructor(item: Item) {
    this.#item = item;
  }

  reveal(): Item {
    return this.#item;
  }

  toJSON(): unknown {
    const { kind, entity } = this.#item;
    return Object.fromEntries(
      Object.entries(fieldsOf(entity)).map(([field, value]) => [field, shown(kind, field, value)]),
    );
  }
}

/** A plan that deletes more than both waits for a person. */
const HELD_ABOVE = { count: 10, part: 0.1 };

/**
 * What has to be done so that what is ours in Kong is what it should be. Nothing else is touched: an entity without
 * our tag is not written and not deleted, neither by itself nor with what it belongs to; what would need that is
 * blocked.
 *
 * Deletes stand before what is made, which revokes first and frees names; but what something kept still refers to goes
 * last, and so do plugins, of which most close something, unless they open or stand in the way.
 */
export function plan(desired: KongState, actual: KongState, options: PlanOptions): Plan {
  const world = worldOf(desired, actual, options.tag);
  const blocks = blocksOf(world);
  const opens = ({ kind, entity }: Item) => kind === 'plugins' && options.opens?.(entity) === true;
  const moves = movesOf(world, blocks, { opens, pluginDefaults: options.pluginDefaults });
  const order = levelsWith(opens);
  const inLevels = (verb: string, all: readonly Move[], levels: typeof order): PlanLevel[] =>
    levels.map(({ name, holds }) => ({
      name: `${verb} ${name}`,
      steps: all.filter(({ item }) => holds(item)).map((move) => stepOf(move, world)),
    }));
  const levels = [
    { name: 'give up names', steps: moves.parked.map((move) => stepOf(move, world)) },
    ...inLevels('delete', moves.deletedFirst, order.toReversed()),
    ...inLevels('make', moves.made, order),
    ...inLevels('delete', moves.deletedLast, order.toReversed()),
  ];
  const deletes = moves.deletedFirst.length + moves.deletedLast.length + moves.falling;
  return {
    levels: levels.filter(({ steps }) => steps.length > 0),
    blocked: [...blocks].map(([key, why]) => blockedOf(key, why, world)),
    held: options.force === true ? undefined : whyHeld(deletes, world.owned),
    unchanged: moves.unchanged,
    falling: moves.falling,
  };
}

/** Whether nothing is left to do, also nothing that can not be done. */
export function isEmpty({ levels, blocked }: Plan): boolean {
  return levels.length === 0 && blocked.length === 0;
}

function stepOf({ operation, item, changes }: Move, world: World): Step {
  const isDelete = operation === 'delete';
  return {
    operation,
    kind: item.kind,
    id: item.entity.id,
    subject: describeItem(item, isDelete || operation === 'park' ? world.there : world.wanted),
    changes,
    written: isDelete ? undefined : new Written(item),
  };
}

function blockedOf(key: string, why: string, world: World): Blocked {
  const [from, item] = world.wanted.has(key)
    ? [world.wanted, world.wanted.get(key)]
    : [world.there, world.there.get(key)];
  if (item === undefined) throw new Error(`${key} is neither wanted nor there`);
  return { kind: item.kind, id: item.entity.id, subject: describeItem(item, from), why };
}

function whyHeld(deletes: number, owned: number): string | undefined {
  const isMuch = deletes > HELD_ABOVE.count && deletes > owned * HELD_ABOVE.part;
  return isMuch ? `it deletes ${deletes} of the ${owned} entities that are ours` : undefined;
}
