import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KongModel } from '../../../test/support/kong-model.js';
import { cases, OURS, withoutTime, worldFrom } from '../../../test/support/kong-states.js';
import { apply } from './apply.js';
import { changesOf } from './compare.js';
import { KINDS, referrersOf } from './kinds.js';
import { plan, type Plan } from './plan.js';
import { itemsOf, keyOf, type KongState } from './state.js';

const RUNS = { numRuns: 2000 };
const options = { tag: OURS, force: true };
const isOurs = ({ tags }: { readonly tags?: readonly string[] | null }) => tags?.includes(OURS) === true;
const blockedKeys = ({ blocked }: Plan) => new Set(blocked.map(({ kind, id }) => `${kind}/${id}`));

async function applied(desired: KongState, actual: KongState, writes = Infinity) {
  const kong = new KongModel(actual);
  kong.dieAfter(writes);
  const done = plan(desired, kong.state(), options);
  await apply(done, kong, { parallel: 3 }).catch((error: unknown) => {
    if (writes === Infinity) throw error;
  });
  return { kong, done };
}

const law = (check: (desired: KongState, actual: KongState, n: number) => Promise<void>) =>
  fc.assert(
    fc.asyncProperty(cases, fc.nat(40), async (given, n) => {
      const { desired, actual } = await worldFrom(given);
      await check(desired, actual, n);
    }),
    RUNS,
  );

describe('a plan, whatever is and whatever should be', () => {
  it('makes what is ours what it should be, but for what is blocked, and Kong refuses none of it', () =>
    law(async (desired, actual) => {
      const { kong, done } = await applied(desired, actual);
      const blocked = blockedKeys(done);
      const wanted = new Set(itemsOf(desired).map(keyOf));
      for (const item of itemsOf(desired)) {
        const found = kong.get(keyOf(item));
        if (blocked.has(keyOf(item))) continue;
        expect(found && changesOf(item.kind, item.entity, found)).toEqual([]);
      }
      const left = itemsOf(kong.state()).filter((item) => isOurs(item.entity) && !wanted.has(keyOf(item)));
      expect(left.map(keyOf).filter((key) => !blocked.has(key))).toEqual([]);
    }));

  it('never touches what is not ours', () =>
    law(async (desired, actual) => {
      const { kong, done } = await applied(desired, actual);
      const foreign = (state: KongState) => itemsOf(state).filter(({ entity }) => !isOurs(entity));
      expect(foreign(kong.state())).toEqual(foreign(actual));
      const touched = new Set(
        done.levels.flatMap(({ steps }) => steps.map(({ kind, id }) => `${kind}/${id}`)),
      );
      expect(foreign(actual).filter((item) => touched.has(keyOf(item)))).toEqual([]);
    }));

  it('has nothing more to do once it is done', () =>
    law(async (desired, actual) => {
      const { kong } = await applied(desired, actual);
      expect(plan(desired, kong.state(), options).levels).toEqual([]);
    }));

  it('stopped anywhere and made again, ends in the same state', () =>
    law(async (desired, actual, n) => {
      const { kong: whole } = await applied(desired, actual);
      const { kong: broken } = await applied(desired, actual, n);
      const { kong: mended } = await applied(desired, broken.state());
      const shape = (kong: KongModel) =>
        KINDS.map((kind) =>
          kong
            .state()
            [kind].map(withoutTime)
            .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        );
      expect(shape(mended)).toEqual(shape(whole));
    }));

  it('never takes away what should stay and has something of its own', () =>
    law(async (desired, actual) => {
      const { kong } = await applied(desired, actual);
      const kept = itemsOf(desired).filter(({ kind }) => referrersOf(kind).length > 0);
      expect(kept.map(keyOf).filter((key) => kong.gone.has(key))).toEqual([]);
    }));

  it('is empty for what is as it should be', () =>
    law(async (desired) => {
      expect(plan(desired, desired, { tag: OURS })).toMatchObject({
        levels: [],
        blocked: [],
        held: undefined,
      });
      await Promise.resolve();
    }));
});
