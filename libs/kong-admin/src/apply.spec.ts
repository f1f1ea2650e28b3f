import { describe, expect, it } from '@jest/globals';
import { KongModel } from '../../../test/support/kong-model.js';
import { apply, ApplyStopped, type KongWriter } from './apply.js';
import { KongRefused, KongUnreachable } from './errors.js';
import { plan } from './plan.js';

const made = (id: string, fields: object) => ({ id, tags: ['ours'], ...fields });
const ids = Array.from({ length: 20 }, (_, index) => `c${index}`);
const desired = {
  consumers: ids.map((id) => made(id, { username: id })),
  'key-auths': ids.map((id) => made(`k-${id}`, { key: id, consumer: { id } })),
};
const todo = plan(desired, {}, { tag: 'ours' });

/** Refuses what belongs to one id. */
function refusing(id: string, error: Error): KongWriter & { readonly done: string[] } {
  const done: string[] = [];
  const put: KongWriter['put'] = async ({ entity }) => {
    await Promise.resolve();
    if (entity.id === id) throw error;
    done.push(entity.id);
  };
  return { done, put, remove: () => Promise.resolve() };
}
const refused = new KongRefused('put consumer c3', 'http://kong', 400, '{"message":"no","code":2}');
const gone = new KongUnreachable('put consumer c3', 'http://kong', 'it does not answer');

describe('applying a plan', () => {
  it('keeps some requests in flight, and no more', async () => {
    let running = 0;
    let most = 0;
    const put = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running -= 1;
    };
    await apply(todo, { put, remove: put }, { parallel: 4 });
    expect(most).toBe(4);
  });

  it('tells how far it is', async () => {
    const told: string[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => told.push(`${done}/${total}`);
    await apply(todo, new KongModel({}), { onProgress });
    expect([told[0], told.at(-1), told.length]).toEqual(['1/40', '40/40', 40]);
  });

  it('ends the level after a refusal and stops before the next', async () => {
    const kong = refusing('c3', refused);
    const run = apply(todo, kong);
    await expect(run).rejects.toThrow(
      '19 of 40 steps done: put consumer c3: 400 from Kong at http://kong: no',
    );
    await expect(run).rejects.toMatchObject({ cause: refused });
    expect(kong.done).toHaveLength(19);
  });

  it('carries on with what does not depend on it where that is wanted', async () => {
    const kong = refusing('c3', refused);
    const failures = await apply(todo, kong, { carryOn: true });
    expect(failures.map(({ step, error }) => [step.id, error.message])).toEqual([
      ['c3', refused.message],
      ['k-c3', 'consumer c3 was not made'],
    ]);
    expect(kong.done).toHaveLength(38);
  });

  it('stops at once when Kong does not answer', async () => {
    const kong = refusing('c3', gone);
    await expect(apply(todo, kong, { parallel: 1, carryOn: true })).rejects.toThrow('3 of 40 steps done');
    expect(kong.done).toEqual(['c0', 'c1', 'c2']);
  });

  it('stops before the next step when told to', async () => {
    const control = new AbortController();
    const kong = refusing('', gone);
    const onProgress = ({ done }: { done: number }) => void (done === 5 && control.abort());
    const run = apply(todo, kong, { parallel: 1, signal: control.signal, onProgress });
    await expect(run).rejects.toThrow(ApplyStopped);
    expect(kong.done).toHaveLength(5);
  });

  it('does nothing of a plan that waits for a person', async () => {
    const kong = refusing('', gone);
    await expect(apply({ ...todo, held: 'much' }, kong)).rejects.toThrow('0 of 40 steps done: it waits');
    expect(kong.done).toEqual([]);
  });
});
