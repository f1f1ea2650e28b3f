import fc from 'fast-check';
import { KINDS, type Kind, RULES } from '../../libs/kong-admin/src/kinds.js';
import type { Entity, KongState } from '../../libs/kong-admin/src/state.js';
import { KongModel } from './kong-model.js';

export const OURS = 'managed-by:test';

/** A few ids and fewer names, so that everything meets everything. */
const IDS = ['1', '2', '3', '4'];
const NAMES = ['ann', 'bob', 'eve'];

interface Draft {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  readonly other: string;
  readonly parents: readonly (string | undefined)[];
  readonly isOurs: boolean;
}

const draft = (ours: fc.Arbitrary<boolean>): fc.Arbitrary<Draft> =>
  fc.record({
    kind: fc.constantFrom(
      ...KINDS,
      'services' as const,
      'routes' as const,
      'routes' as const,
      'plugins' as const,
      'plugins' as const,
    ),
    id: fc.constantFrom(...IDS),
    name: fc.constantFrom(...NAMES),
    other: fc.constantFrom(...NAMES),
    parents: fc.array(fc.option(fc.constantFrom(...IDS), { nil: undefined }), { minLength: 3, maxLength: 3 }),
    isOurs: ours,
  });

function entityOf({ kind, id, name, other, parents, isOurs }: Draft): Entity {
  const references = Object.entries(RULES[kind].references).flatMap(([field, { to }], index) => {
    const parent = to === 'consumers' && kind !== 'plugins' ? (parents[index] ?? '1') : parents[index];
    return parent === undefined ? [] : [[field, { id: idOf(to, parent) }] as const];
  });
  const fields: Readonly<Record<Kind, object>> = {
    services: { name, host: `${other}.example` },
    consumers: { username: name, custom_id: other },
    'key-auths': { key: `key-of-${name}` },
    jwts: { key: name, secret: `secret-${other}` },
    acls: { group: name },
    oauth2: { name: other, client_id: name, client_secret: `secret-${name}` },
    plugins: { name, config: { limit: other, nested: { list: [other] } } },
    routes: { name, paths: [`/${other}`, '/'] },
  };
  const tags = isOurs ? [OURS, other] : [other];
  return { id: idOf(kind, id), ...fields[kind], ...Object.fromEntries(references), tags };
}

const idOf = (kind: Kind, id: string): string => `${RULES[kind].singular.replaceAll(' ', '-')}-${id}`;

/** What Kong would take of these, one after another. */
async function accepted(drafts: readonly Draft[], model: KongModel): Promise<void> {
  const inOrder = KINDS.filter((kind) => ['services', 'consumers', 'routes'].includes(kind));
  const order = [...inOrder, ...KINDS.filter((kind) => !inOrder.includes(kind))];
  for (const each of drafts.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
    const item = { kind: each.kind, entity: entityOf(each) };
    if (model.has(`${item.kind}/${item.entity.id}`)) continue;
    await model.put(item).catch(() => undefined);
  }
}

interface Given {
  readonly desired: readonly Draft[];
  /** What is there of that, though some of it is different by now. */
  readonly kept: readonly { readonly of: number; readonly now: Partial<Draft> }[];
  readonly others: readonly Draft[];
}

/** A state that should be, and one that Kong may be in, with some that is not ours. */
export const cases: fc.Arbitrary<Given> = fc.record({
  desired: fc.array(draft(fc.constant(true)), { minLength: 6, maxLength: 40 }),
  kept: fc.array(
    fc.record({
      of: fc.nat(40),
      now: fc.record(
        {
          name: fc.constantFrom(...NAMES),
          other: fc.constantFrom(...NAMES),
          id: fc.constantFrom(...IDS),
          isOurs: fc.constantFrom(true, true, true, false),
        },
        { requiredKeys: [] },
      ),
    }),
    { maxLength: 40 },
  ),
  others: fc.array(draft(fc.constantFrom(true, true, true, false)), { maxLength: 20 }),
});

/** @returns what should be, in itself in order, and Kong as it is */
export async function worldFrom({ desired: drafts, kept, others }: Given) {
  const should = new KongModel({});
  await accepted(drafts, should);
  const kong = new KongModel({});
  const copies = kept.flatMap(({ of, now }) => {
    const original = drafts[of % drafts.length];
    return original ? [{ ...original, ...now }] : [];
  });
  await accepted([...copies, ...others], kong);
  const desired = KINDS.map((kind) => [kind, should.state()[kind].map(withoutTime)] as const);
  return { desired: Object.fromEntries(desired) as KongState, actual: kong.state() };
}

export function withoutTime(entity: Entity): Entity {
  return Object.fromEntries(
    Object.entries(entity).filter(([field]) => field !== 'created_at'),
  ) as unknown as Entity;
}
