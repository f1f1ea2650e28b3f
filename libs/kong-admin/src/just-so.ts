import type { KongAdmin, Page } from './admin.js';
import { changesOf } from './compare.js';
import type { Kind } from './kinds.js';
import type { Entity, KongState } from './state.js';

/**
 * Whether a node has just what should be there, and nothing else with our tag: then a plan would be empty. Reads page by
 * page, keeps nothing, and ends at the first difference; it does not say which.
 *
 * @param isSpared what stands there as it likes
 * @throws {KongRefused} {KongUnreachable}
 */
export async function isJustSo(
  admin: KongAdmin,
  desired: KongState,
  tag: string,
  isSpared: (entity: Entity) => boolean = () => false,
): Promise<boolean> {
  let differs = false;
  const compare = async (kind: Kind, wanted: readonly Entity[]) => {
    const missing = new Map(wanted.map((entity) => [entity.id, entity]));
    for (let next: Promise<Page> | undefined = admin.page(kind, { tag }); next !== undefined && !differs;) {
      const { data, offset }: Page = await next;
      // Kong looks for the next page while this one is compared.
      next = offset === undefined ? undefined : quietly(admin.page(kind, { tag }, offset));
      for (const entity of data) {
        const should = missing.get(entity.id);
        if (should === undefined && isSpared(entity)) continue;
        if (should === undefined || changesOf(kind, should, entity).length > 0) return void (differs = true);
        missing.delete(entity.id);
      }
    }
    differs ||= missing.size > 0;
  };
  const kinds = Object.entries(desired) as [Kind, readonly Entity[]][];
  await Promise.all(kinds.map(([kind, wanted]) => compare(kind, wanted)));
  return !differs;
}

/** It may be that nobody awaits it. */
function quietly<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
