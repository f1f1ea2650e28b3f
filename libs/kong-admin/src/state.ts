import { type Kind, KINDS, RULES } from './kinds.js';

/** Something in Kong as its Admin API takes and gives it: references are `{ id }`. */
export interface Entity {
  readonly id: string;
  readonly tags?: readonly string[] | null;
}

/** What is, or should be, in Kong. A kind that is left out is left alone. */
export type KongState = { readonly [K in Kind]?: readonly Entity[] };

/** An entity and its kind, which is what names it. */
export interface Item {
  readonly kind: Kind;
  readonly entity: Entity;
}

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(entity: Entity): Fields {
  return entity as unknown as Fields;
}

/** `kind/id`: ids alone may be the same for two kinds. */
export function keyOf({ kind, entity }: Item): string {
  return `${kind}/${entity.id}`;
}

export function itemsOf(state: KongState): Item[] {
  return KINDS.flatMap((kind) => (state[kind] ?? []).map((entity) => ({ kind, entity })));
}

/** What an entity refers to. */
export function parentsOf({ kind, entity }: Item): { readonly key: string; readonly cascades: boolean }[] {
  return Object.entries(RULES[kind].references).flatMap(([field, { to, cascades }]) => {
    const reference = fieldsOf(entity)[field] as { readonly id?: string } | null | undefined;
    return reference?.id === undefined ? [] : [{ key: `${to}/${reference.id}`, cascades }];
  });
}

/**
 * The values that Kong lets only one entity of the kind have. As in SQL nothing is not a value; but of a plugin's
 * scope it is one: there is only one global instance of each.
 */
export function uniqueValues({ kind, entity }: Item): { readonly fields: string; readonly key: string }[] {
  return RULES[kind].unique.flatMap((fields) => {
    const values = fields.map((field) => {
      const value = fieldsOf(entity)[field] ?? null;
      return (isReference(value) ? value.id : (value as string | null)) ?? null;
    });
    if (values[0] === null) return [];
    const name = fields.join('+');
    return [{ fields: name, key: `${kind}/${name}/${values.join('/')}` }];
  });
}

function isReference(value: unknown): value is { readonly id?: string } {
  return value !== null && typeof value === 'object';
}

/** `plugin rate-limiting of route llm, consumer tier-guest`; never a secret. */
export function describeItem(item: Item, byKey: ReadonlyMap<string, Item>): string {
  const parents = Object.entries(RULES[item.kind].references).flatMap(([field, { to }]) => {
    const reference = fieldsOf(item.entity)[field] as { readonly id?: string } | null | undefined;
    if (reference?.id === undefined || item.kind === 'routes') return [];
    const parent = byKey.get(`${to}/${reference.id}`);
    return [`${field} ${parent === undefined ? reference.id : nameOf(parent.entity)}`];
  });
  const of = parents.length > 0 ? ` of ${parents.join(', ')}` : '';
  return `${RULES[item.kind].singular} ${nameOf(item.entity)}${of}`;
}

/** What people call it; credentials have no name that is not a secret or means something. */
function nameOf(entity: Entity): string {
  const { name, username, custom_id: customId, group } = fieldsOf(entity);
  const named = [name, username, customId, group].find((each) => typeof each === 'string');
  return named ?? entity.id;
}
