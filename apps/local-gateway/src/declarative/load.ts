import type { Dao } from '../entities/dao.js';
import { fillIn } from '../entities/defaults.js';
import { KINDS, type Kind } from '../entities/kinds.js';
import type { Fault, Faults } from '../entities/pretty.js';
import { shapeOf, unknownPlugin } from '../entities/shape.js';
import { Table, type Row } from '../entities/table.js';
import { faultsOf } from '../entities/validate.js';
import { copy, type Entity, isTable, isUuid, type Value, textOf } from '../entities/value.js';
import { idFor } from './ids.js';

const VERSIONS = ['1.1', '2.1', '3.0'];
const META = [
  '_format_version',
  '_transform',
  '_comment',
  '_ignore',
  '_info',
  '_workspace',
  '_konnect',
  '_plugin_configs',
];
/** Kinds that Kong has and this gateway has not: an empty list of them is fine. */
const ELSEWHERE = ['upstreams', 'targets', 'snis', 'ca_certificates', 'vaults', 'workspaces', 'parameters', 'keys', 'key_sets', 'filter_chains', 'clustering_data_planes', 'basicauth_credentials', 'hmacauth_credentials', 'oauth2_authorization_codes']; // prettier-ignore

interface Item {
  readonly kind: Kind;
  readonly entity: Entity;
  readonly faults: (fault: Fault) => void;
  readonly index: number;
}

export type Loaded = { readonly rows: ReadonlyMap<string, readonly Row[]> } | { readonly faults: Faults };

/** Every entity of a configuration, nested ones beside the others; or everything that is wrong with it. */
export function loadConfiguration(config: Entity, dao: Dao): Loaded {
  const faults = topLevelFaults(config);
  const items: Item[] = [];
  for (const kind of KINDS) collect(kind, config[kind.name], items, faults, undefined);
  for (const item of items) nameForeign(item);
  for (const item of items) checkItem(item, dao);
  prune(faults);
  if (Object.keys(faults).length > 0) return { faults };
  return joined(items);
}

function topLevelFaults(config: Entity): Faults {
  const faults: Faults = {};
  const version = config['_format_version'];
  if (version === undefined || version === null) faults['_format_version'] = 'required field missing';
  else if (typeof version !== 'string') faults['_format_version'] = 'expected a string';
  else if (!VERSIONS.includes(version)) faults['_format_version'] = `expected one of: ${VERSIONS.join(', ')}`;
  for (const [name, value] of Object.entries(config)) {
    if (META.includes(name) || KINDS.some((kind) => kind.name === name)) continue;
    if (!ELSEWHERE.includes(name)) faults[name] = 'unknown field';
    else if (Array.isArray(value) && value.length > 0) faults[name] = 'not supported by local-gateway';
  }
  return faults;
}

/** Children stand in their parent under the name of their kind. */
function childrenOf(kind: Kind): readonly { readonly child: Kind; readonly field: string }[] {
  return KINDS.flatMap((child) =>
    Object.entries(child.fields)
      .filter(([, field]) => field.type === 'foreign' && field.reference === kind.name)
      .map(([field]) => ({ child, field })),
  ).filter(({ child }) => !(child.name in kind.fields));
}

function collect(
  kind: Kind,
  list: Value | undefined,
  items: Item[],
  into: Faults,
  owner: { readonly field: string; readonly entity: Entity } | undefined,
): void {
  if (list === undefined || list === null) return;
  if (!Array.isArray(list)) {
    into[kind.name] = 'expected an array';
    return;
  }
  const faults: Fault[] = [];
  into[kind.name] = faults;
  list.forEach((given, index) => {
    if (!isTable(given)) {
      faults[index] = 'expected a record';
      return;
    }
    const entity = copy(given);
    const own: Faults = {};
    faults[index] = own;
    if (owner) entity[owner.field] = { id: owner.entity['id'] };
    const children = childrenOf(kind);
    const nested = children.map(({ child, field }) => ({ child, field, list: entity[child.name] }));
    for (const { child } of children) delete entity[child.name];
    giveId(kind, entity);
    items.push({ kind, entity, index, faults: (fault) => put(faults, index, own, fault) });
    for (const { child, field, list: inner } of nested) collect(child, inner, items, own, { field, entity });
  });
}

function put(list: Fault[], index: number, own: Faults, fault: Fault): void {
  if (typeof fault === 'string') list[index] = fault;
  else Object.assign(own, fault);
}

function giveId(kind: Kind, entity: Entity): void {
  if (entity['id'] !== undefined) return;
  const named = kind.endpointKey === undefined ? undefined : entity[kind.endpointKey];
  const keys = kind.uniqueTogether?.map((name) => {
    const value = entity[name];
    return isTable(value) ? textOf(value['id'] ?? Object.values(value)[0]) : textOf(value ?? '');
  });
  if (keys) entity['id'] = idFor(kind.name, keys.join(':'));
  else if (typeof named === 'string') entity['id'] = idFor(kind.name, named);
  else entity['id'] = crypto.randomUUID();
}

/** `service: llm` becomes `service: {name: llm}`, or `{id: …}` when it is one. */
function nameForeign({ kind, entity }: Item): void {
  for (const [name, field] of Object.entries(kind.fields)) {
    const value = entity[name];
    if (field.type !== 'foreign' || typeof value !== 'string') continue;
    const parent = KINDS.find((each) => each.name === field.reference);
    entity[name] = isUuid(value) ? { id: value } : { [parent?.endpointKey ?? 'id']: value };
  }
}

/** A reference by name is judged later, so here it stands for an id. */
function checkItem({ kind, entity, faults }: Item, dao: Dao): void {
  const unknown = unknownPlugin(kind, entity, dao.plugins);
  if (unknown) return faults(unknown);
  const shape = shapeOf(kind, entity, dao.plugins);
  const filled = fillIn(shape, entity, 'insert');
  if ('faults' in filled) return faults(filled.faults);
  const judged = { ...filled.entity };
  for (const [name, field] of Object.entries(shape.fields))
    if (field.type === 'foreign' && isTable(judged[name]) && judged[name]['id'] === undefined)
      judged[name] = { id: idFor('any', 'any') };
  if (kind.ttl) delete judged['ttl'];
  const found = faultsOf(shape, judged);
  if (found) faults(found);
  Object.assign(entity, filled.entity);
}

/** Takes away the empty places that were held for faults. */
function prune(faults: Fault): boolean {
  if (typeof faults === 'string') return false;
  if (Array.isArray(faults)) {
    faults.forEach((fault, index) => {
      if (prune(fault)) Reflect.deleteProperty(faults, index);
    });
    while (faults.length > 0 && !(faults.length - 1 in faults)) faults.length -= 1;
    return faults.length === 0;
  }
  for (const [name, fault] of Object.entries(faults)) if (prune(fault)) delete faults[name];
  return Object.keys(faults).length === 0;
}

/** Same names twice, and references to nothing. Parents come first, so that names become ids on the way. */
function joined(items: readonly Item[]): Loaded {
  const faults: Record<string, Record<string, Fault>> = {};
  const tables = new Map(KINDS.map((kind) => [kind.name, new Table(kind)]));
  for (const kind of KINDS)
    for (const item of items) {
      if (item.kind !== kind) continue;
      resolveForeign(item, tables, faults);
      const table = tables.get(kind.name);
      const fault = table && takenFault(table, item.entity);
      if (fault !== undefined) (faults[kind.name] ??= {})[item.index] = fault;
      else table?.put({ entity: item.entity, expiresAt: expiry(item.entity) });
    }
  if (Object.keys(faults).length > 0)
    return { faults: Object.fromEntries(Object.entries(faults).map(([kind, each]) => [kind, asList(each)])) };
  return { rows: new Map([...tables].map(([name, table]) => [name, [...table.rows()]])) };
}

/** The id follows from the name, so the name is asked for first. */
function takenFault(table: Table, entity: Entity): string | undefined {
  const { kind } = table;
  const named = Object.keys(kind.fields).find(
    (field) =>
      kind.fields[field]?.unique && typeof entity[field] === 'string' && table.findBy(field, entity[field]),
  );
  const isTaken = named !== undefined || table.taken(entity) !== undefined || table.get(textOf(entity['id']));
  if (!isTaken) return undefined;
  const [what, value] = named === undefined ? ['primary key', entity['id']] : [named, entity[named]];
  return `uniqueness violation: '${kind.name}' entity with ${what} set to '${textOf(value)}' already declared`;
}

function resolveForeign(
  { kind, entity, index }: Item,
  tables: ReadonlyMap<string, Table>,
  faults: Record<string, Record<string, Fault>>,
): void {
  for (const [name, field] of Object.entries(kind.fields)) {
    const key = entity[name];
    if (field.type !== 'foreign' || !isTable(key)) continue;
    const parents = tables.get(field.reference ?? '');
    const by = Object.entries(key)[0];
    const found = parents?.get(textOf(key['id'])) ?? (by && parents?.findBy(by[0], by[1]));
    if (found) {
      entity[name] = { id: found.entity['id'] };
      continue;
    }
    const at = textOf((kind.endpointKey && entity[kind.endpointKey]) || (entity['id'] ?? index + 1));
    const list = ((faults[kind.name] ??= {})[at] ??= []);
    const shown = by?.[1] ?? JSON.stringify(key);
    if (Array.isArray(list))
      list.push(`invalid reference '${name}: ${textOf(shown)}' (no such entry in '${field.reference}')`);
  }
}

/** Faults by position are a list. */
function asList(faults: Record<string, Fault>): Fault {
  if (!Object.keys(faults).every((key) => /^\d+$/.test(key))) return faults;
  const list: Fault[] = [];
  for (const [index, fault] of Object.entries(faults)) list[Number(index)] = fault;
  return list;
}

function expiry(entity: Entity): number | undefined {
  const ttl = Number(entity['ttl']);
  delete entity['ttl'];
  return ttl > 0 ? Date.now() + ttl * 1000 : undefined;
}
