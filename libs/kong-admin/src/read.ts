import type { KongAdmin } from './admin.js';
import { type Kind, referrersOf, RULES } from './kinds.js';
import { defaultsOf, type PluginDefaults } from './plugin-defaults.js';
import { type Entity, fieldsOf, type KongState, uniqueValues } from './state.js';

/** Up to so many are asked for one by one; more, and the whole collection is read. */
const ONE_BY_ONE = 50;

type Found = Map<Kind, Map<string, Entity>>;

/** Everything of these kinds that has our tag. @throws {KongRefused} {KongUnreachable} */
export async function readOurs(admin: KongAdmin, kinds: readonly Kind[], tag: string): Promise<KongState> {
  const all = kinds.map(async (kind) => [kind, await admin.list(kind, { tag })] as const);
  return Object.fromEntries(await Promise.all(all));
}

/**
 * What is in a node of the kinds that should be there: everything with our tag, and of what is not ours as much as a
 * plan has to know, namely what has an id or a name that is still missing, and what belongs to something stale.
 *
 * @param read what `readOurs` found, where that is known
 * @throws {KongRefused} {KongUnreachable}
 */
export async function readState(
  admin: KongAdmin,
  desired: KongState,
  tag: string,
  read?: KongState,
): Promise<KongState> {
  const found: Found = new Map();
  const kinds = Object.keys(desired) as Kind[];
  const ours = read ?? (await readOurs(admin, kinds, tag));
  for (const kind of kinds) keep(found, kind, ours[kind] ?? []);
  for (const kind of kinds) {
    const missing = withoutItsNames(kind, desired[kind] ?? [], found.get(kind));
    await readRivals(admin, kind, missing, found);
  }
  for (const kind of kinds) {
    const wanted = new Set(desired[kind]?.map(({ id }) => id));
    const stale = ours[kind]?.filter(({ id }) => !wanted.has(id)) ?? [];
    await readDependants(admin, kind, stale, found);
  }
  return Object.fromEntries([...found].map(([kind, entities]) => [kind, [...entities.values()]]));
}

/**
 * One consumer and whatever belongs to it, whoever made that; nothing where there is no such consumer.
 *
 * @param whole kinds of which everything is known
 * @throws {KongRefused} {KongUnreachable}
 */
export async function readConsumer(admin: KongAdmin, id: string, whole: KongState = {}): Promise<KongState> {
  const consumer = await admin.find('consumers', id);
  if (consumer === undefined) return {};
  const children = referrersOf('consumers').map(async ([kind, field, { nested }]) => {
    const isIts = (entity: Entity) => (fieldsOf(entity)[field] as Entity | null)?.id === id;
    const found = whole[kind]?.filter(isIts) ?? admin.list(kind, { of: { kind: 'consumers', id, nested } });
    return [kind, await found] as const;
  });
  return { consumers: [consumer], ...Object.fromEntries(await Promise.all(children)) };
}

/**
 * What need not be asked for by consumer, when so many are to be read: everything of a kind of which there is no more
 * than a page. Nothing for a few, who are asked for one by one.
 *
 * @throws {KongRefused} {KongUnreachable}
 */
export async function readSmallKinds(admin: KongAdmin, consumers: number): Promise<KongState> {
  if (consumers <= ONE_BY_ONE) return {};
  const pages = referrersOf('consumers').map(async ([kind]) => {
    const { data, offset } = await admin.page(kind);
    return offset === undefined ? [[kind, data] as const] : [];
  });
  return Object.fromEntries((await Promise.all(pages)).flat());
}

/** What Kong fills in for the plugins that should be there, so that what somebody else has set is seen. */
export async function readPluginDefaults(
  admin: KongAdmin,
  { plugins = [] }: KongState,
): Promise<PluginDefaults> {
  const names = new Set(plugins.map((plugin) => String(fieldsOf(plugin)['name'])));
  const schemas = [...names].map(async (name) => [name, await admin.pluginSchema(name)] as const);
  const known = (await Promise.all(schemas)).flatMap(([name, schema]) =>
    schema === undefined ? [] : [[name, defaultsOf(schema)] as const],
  );
  return new Map(known);
}

/** Who has the id or the name of something that is to be made. A secret is not asked for: it would be in Kong's log. */
async function readRivals(
  admin: KongAdmin,
  kind: Kind,
  missing: readonly Entity[],
  found: Found,
): Promise<void> {
  const { byName, unique } = RULES[kind];
  const isCompound = unique.some((fields) => fields.length > 1);
  if (missing.length === 0) return;
  if (isCompound || missing.length > ONE_BY_ONE) return keep(found, kind, await admin.list(kind));
  await Promise.all(
    missing.map(async (entity) => {
      const fields = fieldsOf(entity);
      const name = byName === undefined ? undefined : (fields[byName] as string | undefined);
      const customId = fields['custom_id'] as string | null | undefined;
      const rivals = await Promise.all([
        admin.find(kind, entity.id),
        name === undefined ? undefined : admin.find(kind, name),
        customId === null || customId === undefined ? undefined : admin.findByCustomId(customId),
      ]);
      keep(
        found,
        kind,
        rivals.filter((rival) => rival !== undefined),
      );
    }),
  );
}

/** What Kong would delete together with something stale, or for the sake of which it would refuse to. */
async function readDependants(
  admin: KongAdmin,
  kind: Kind,
  stale: readonly Entity[],
  found: Found,
): Promise<void> {
  if (stale.length === 0) return;
  const kinds = referrersOf(kind);
  if (stale.length * kinds.length > ONE_BY_ONE) {
    const all = [...new Set(kinds.map(([other]) => other))];
    await Promise.all(all.map(async (other) => keep(found, other, await admin.list(other))));
    return;
  }
  await Promise.all(
    stale.flatMap(({ id }) =>
      kinds.map(async ([other, , { nested }]) =>
        keep(found, other, await admin.list(other, { of: { kind, id, nested } })),
      ),
    ),
  );
}

function keep(found: Found, kind: Kind, entities: readonly Entity[]): void {
  const known = found.get(kind) ?? new Map<string, Entity>();
  for (const entity of entities) known.set(entity.id, entity);
  found.set(kind, known);
}

/** What is not there, or has not the unique values that it should have. */
function withoutItsNames(
  kind: Kind,
  wanted: readonly Entity[],
  found: ReadonlyMap<string, Entity> | undefined,
): readonly Entity[] {
  return wanted.filter((entity) => {
    const current = found?.get(entity.id);
    if (current === undefined) return true;
    const held = new Set(uniqueValues({ kind, entity: current }).map(({ key }) => key));
    return uniqueValues({ kind, entity }).some(({ key }) => !held.has(key));
  });
}
