import { describe, expect, it } from '@jest/globals';
import type { KongAdmin } from './admin.js';
import { isJustSo } from './just-so.js';
import type { Kind } from './kinds.js';
import { plan, isEmpty } from './plan.js';
import type { Entity, KongState } from './state.js';

const TAG = 'managed-by:test';
const consumer = (id: string, username = id) => ({ id, username, tags: [TAG] }) as Entity;
const key = (id: string, of: string) => ({ id, key: `k-${id}`, consumer: { id: of }, tags: [TAG] }) as Entity;

/** A node with this in it, in pages of two. */
function nodeWith(state: KongState) {
  const asked: string[] = [];
  const page = (kind: Kind, _options: object, after = '') => {
    asked.push(`${kind} ${after}`.trim());
    const at = Number(after);
    const all = state[kind] ?? [];
    const data = all.slice(at, at + 2);
    return Promise.resolve(at + 2 < all.length ? { data, offset: String(at + 2) } : { data });
  };
  return { admin: { page } as unknown as KongAdmin, asked };
}

const wanted: KongState = {
  consumers: [consumer('a'), consumer('b'), consumer('c')],
  'key-auths': [key('x', 'a'), key('y', 'b')],
};
const others: Record<string, KongState> = {
  'one is missing': { ...wanted, consumers: [consumer('a'), consumer('b')] },
  'one is too many': { ...wanted, 'key-auths': [...(wanted['key-auths'] ?? []), key('z', 'c')] },
  'one is another': { ...wanted, consumers: [consumer('a'), consumer('b'), consumer('d')] },
  'one is called otherwise': { ...wanted, consumers: [consumer('a'), consumer('b', 'B'), consumer('c')] },
  'one belongs to another': { ...wanted, 'key-auths': [key('x', 'a'), key('y', 'c')] },
  'nothing is there': {},
};

describe('just so', () => {
  it('is what needs no plan; every page is asked for once', async () => {
    const { admin, asked } = nodeWith(wanted);
    expect(await isJustSo(admin, wanted, TAG)).toBe(true);
    expect(asked.sort()).toEqual(['consumers', 'consumers 2', 'key-auths']);
    expect(isEmpty(plan(wanted, wanted, { tag: TAG }))).toBe(true);
  });

  it.each(Object.entries(others))('is not where %s, and then there is a plan', async (_, actual) => {
    expect(await isJustSo(nodeWith(actual).admin, wanted, TAG)).toBe(false);
    expect(isEmpty(plan(wanted, actual, { tag: TAG, force: true }))).toBe(false);
  });

  it('does not look at what is spared, unless it should be there', async () => {
    const mine = (entity: Entity) => entity.id === 'a';
    const { admin } = nodeWith(wanted);
    const rest = { ...wanted, consumers: [consumer('b'), consumer('c')] };
    expect(await isJustSo(admin, rest, TAG)).toBe(false);
    expect(await isJustSo(admin, rest, TAG, mine)).toBe(true);
    const renamed = { ...wanted, consumers: [consumer('a', 'A'), consumer('b'), consumer('c')] };
    expect(await isJustSo(admin, renamed, TAG, mine)).toBe(false);
  });

  it('ends at the first difference', async () => {
    const many = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'].map((id) => consumer(id));
    const { admin, asked } = nodeWith({ consumers: [consumer('!'), ...many] });
    expect(await isJustSo(admin, { consumers: many }, TAG)).toBe(false);
    expect(asked).toEqual(['consumers', 'consumers 2']);
  });

  it('throws what the node throws', async () => {
    const admin = { page: () => Promise.reject(new Error('gone')) } as unknown as KongAdmin;
    await expect(isJustSo(admin, wanted, TAG)).rejects.toThrow('gone');
  });
});
