import { createHash } from 'node:crypto';
import type { KongAdmin } from './admin.js';
import { KINDS } from './kinds.js';
import { type Item, itemsOf, type KongState } from './state.js';

/** What a node without a database says that it holds when it was given this text. */
export function configurationHash(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/**
 * Everything that a node without a database holds. A new configuration replaces all of it, so what is not ours must be
 * known as well.
 */
export async function readConfiguration(admin: KongAdmin): Promise<KongState> {
  const lists = KINDS.map(async (kind) => [kind, await admin.list(kind)] as const);
  return Object.fromEntries(await Promise.all(lists));
}

/** What a new configuration would take away although it is not ours. */
export function strangersIn(state: KongState, tag: string): Item[] {
  return itemsOf(state).filter(({ entity }) => entity.tags?.includes(tag) !== true);
}
