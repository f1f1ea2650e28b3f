import { KINDS } from '../entities/kinds.js';
import type { Fault, Faults } from '../entities/pretty.js';
import { copy, type Entity, isTable, isUuid } from '../entities/value.js';

interface FlatError {
  readonly type: 'field' | 'entity';
  readonly field?: string;
  readonly message: string;
}
export interface FlattenedError {
  readonly entity_type: string;
  readonly entity_name?: string;
  readonly entity_id?: string;
  readonly entity_tags?: unknown;
  readonly entity: Entity;
  readonly errors: readonly FlatError[];
}

/** Faults of a configuration, one list entry per entity. What is no entity's stays in `faults`. */
export function flattenFaults(config: Entity, faults: Faults): FlattenedError[] {
  const flat: FlattenedError[] = [];
  for (const kind of KINDS) {
    const list = faults[kind.name];
    if (typeof list !== 'object') continue;
    delete faults[kind.name];
    const entities = config[kind.name];
    for (const [index, fault] of Object.entries(list))
      if (Array.isArray(entities)) addEntity(kind.name, entities[Number(index)], fault, flat);
  }
  return flat;
}

function addEntity(
  kind: string,
  given: unknown,
  fault: Fault,
  flat: FlattenedError[],
  owner: Entity = {},
): void {
  if (!isTable(given)) return;
  const entity = { ...copy(given), ...owner };
  const own: Faults = typeof fault === 'string' ? { '@entity': [fault] } : { ...(fault as Faults) };
  for (const child of KINDS) {
    const link = Object.entries(child.fields).find(
      ([, { type, reference }]) => type === 'foreign' && reference === kind,
    );
    const children = entity[child.name];
    if (!link || !Array.isArray(children)) continue;
    delete entity[child.name];
    const inner = own[child.name];
    delete own[child.name];
    if (typeof inner !== 'object') continue;
    const parent = isUuid(entity['id']) ? { [link[0]]: { id: entity['id'] } } : {};
    for (const [index, each] of Object.entries(inner))
      addEntity(child.name, children[Number(index)], each, flat, parent);
  }
  const errors = categorise(own);
  if (errors.length === 0) return;
  const { name, username, id, tags } = entity;
  flat.push({
    ...(typeof (name ?? username) === 'string' && typeof name === 'string' ? { entity_name: name } : {}),
    ...(isUuid(id) ? { entity_id: id } : {}),
    ...(Array.isArray(tags) ? { entity_tags: tags } : {}),
    entity_type: kind.replace(/s$/, ''),
    entity,
    errors,
  });
}

function categorise(faults: Faults, prefix = ''): FlatError[] {
  const names = Object.keys(faults).sort().reverse();
  return names.flatMap((name): FlatError[] => {
    const fault = faults[name];
    if (fault === undefined) return [];
    const field = `${prefix}${name}`;
    if (name === '@entity') return texts(fault).map((message) => ({ type: 'entity', message }));
    if (typeof fault === 'string') return [{ type: 'field', field, message: fault }];
    if (Array.isArray(fault))
      return categorise(
        Object.fromEntries(
          fault.map((each, at) => [String(at + 1), each] as const).filter(([, each]) => each !== undefined),
        ),
        `${field}.`,
      );
    return categorise(fault, `${field}.`);
  });
}

const texts = (fault: Fault): string[] =>
  typeof fault === 'string' ? [fault] : Object.values(fault).flatMap(texts);
