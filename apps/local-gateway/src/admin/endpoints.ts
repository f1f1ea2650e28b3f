import { randomUUID } from 'node:crypto';
import type { Dao } from '../entities/dao.js';
import { adminName, type Kind, nestedName } from '../entities/kinds.js';
import { shapeOf } from '../entities/shape.js';
import { type Entity, isTable, isUuid, textOf } from '../entities/value.js';
import { type Answer, NOT_ALLOWED, NOT_FOUND, ok } from './answer.js';
import { type Body, inferTypes } from './body.js';
import { escapeUri, pageOf } from './paging.js';
import type { Resource } from './resources.js';

export interface AdminCall {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Body;
}

/** What every collection and entity answers. @throws {Refusal} */
export function callResource(dao: Dao, resource: Resource, call: AdminCall): Answer {
  const method = call.method === 'HEAD' ? 'GET' : call.method;
  switch (resource.type) {
    case 'collection':
      return callCollection(dao, resource.kind, method, call);
    case 'entity':
      return callEntity(dao, resource.kind, resource.key, method, call);
    case 'foreign':
      return callForeign(dao, resource, method, call);
    case 'nested':
      return resource.key === undefined
        ? callNestedCollection(dao, resource, method, call)
        : callNested(dao, resource, resource.key, method, call);
  }
}

function callCollection(dao: Dao, kind: Kind, method: string, call: AdminCall): Answer {
  if (method === 'POST') return { status: 201, body: insert(dao, kind, call) };
  if (method !== 'GET') return NOT_ALLOWED;
  const customId = kind.name === 'consumers' ? call.query.getAll('custom_id') : [];
  if (customId.length > 1 || customId[0] === '')
    return { status: 400, body: { message: 'custom_id must be an unempty string' } };
  if (customId[0] !== undefined) {
    const found = dao.selectBy('consumers', 'custom_id', customId[0]);
    return ok({ data: found ? [found] : [], next: null });
  }
  const { data, offset } = pageOf((after) => dao.each(kind.name, { after }), call.query);
  const tags = call.query.get('tags');
  const size = call.query.get('size');
  const rest = (tags === null ? '' : `&tags=${escapeUri(tags)}`) + (size === null ? '' : `&size=${size}`);
  const next = offset === undefined ? null : `/${adminName(kind)}?offset=${escapeUri(offset)}${rest}`;
  return ok({ data, offset, next });
}

function callEntity(dao: Dao, kind: Kind, key: string, method: string, call: AdminCall): Answer {
  switch (method) {
    case 'GET': {
      const entity = dao.find(kind, key);
      return entity ? ok(entity) : NOT_FOUND;
    }
    case 'PUT':
      return ok(upsert(dao, kind, key, call));
    case 'PATCH':
      return patch(dao, kind, key, call);
    case 'DELETE':
      dao.delete(kind, key);
      return { status: 204 };
    default:
      return NOT_ALLOWED;
  }
}

type Nested = Extract<Resource, { type: 'nested' }>;

function callNestedCollection(dao: Dao, at: Nested, method: string, call: AdminCall): Answer {
  if (method !== 'GET' && method !== 'POST') return NOT_ALLOWED;
  const parent = dao.find(at.parent, at.parentKey);
  if (!parent) return NOT_FOUND;
  if (method === 'POST')
    return { status: 201, body: insert(dao, at.kind, call, { [at.field]: { id: parent['id'] } }) };
  const { data, offset } = pageOf(
    () => dao.each(at.kind.name, { field: at.field, id: textOf(parent['id']) }),
    call.query,
  );
  const path = `/${adminName(at.parent)}/${textOf(parent['id'])}/${nestedName(at.kind)}`;
  return ok({ data, offset, next: offset === undefined ? null : `${path}?offset=${escapeUri(offset)}` });
}

function callNested(dao: Dao, at: Nested, key: string, method: string, call: AdminCall): Answer {
  if (!['GET', 'PUT', 'PATCH', 'DELETE'].includes(method)) return NOT_ALLOWED;
  const parent = dao.find(at.parent, at.parentKey);
  if (!parent) return NOT_FOUND;
  const owner = { [at.field]: { id: parent['id'] } };
  if (at.kind.name === 'acls' && !isUuid(key)) return callAcl(dao, at, key, method, call, owner);
  if (method === 'PUT') return ok(upsert(dao, at.kind, key, call, owner));
  const entity = dao.find(at.kind, key);
  const link = entity?.[at.field];
  if (!entity || !isTable(link) || link['id'] !== parent['id']) return NOT_FOUND;
  return callEntity(dao, at.kind, textOf(entity['id']), method, call);
}

/** An ACL is named by its group below a consumer. */
function callAcl(
  dao: Dao,
  at: Nested,
  group: string,
  method: string,
  call: AdminCall,
  owner: Entity,
): Answer {
  const consumer = (owner['consumer'] as Entity)['id'];
  const all = [...dao.each('acls', { field: 'consumer', id: textOf(consumer) })];
  const found = all.find((acl) => acl['group'] === group);
  if (method === 'PUT')
    return ok(upsert(dao, at.kind, textOf(found?.['id'] ?? randomUUID()), call, owner, { group }));
  return found ? callEntity(dao, at.kind, textOf(found['id']), method, call) : NOT_FOUND;
}

/** `/routes/x/service`: the one that an entity refers to. */
function callForeign(
  dao: Dao,
  at: Extract<Resource, { type: 'foreign' }>,
  method: string,
  call: AdminCall,
): Answer {
  if (!['GET', 'PUT', 'PATCH', 'DELETE'].includes(method)) return NOT_ALLOWED;
  const entity = dao.find(at.kind, at.key);
  if (!entity) return NOT_FOUND;
  const link = entity[at.field];
  if (isTable(link))
    return method === 'DELETE' ? NOT_ALLOWED : callEntity(dao, at.parent, textOf(link['id']), method, call);
  if (method !== 'PUT') return NOT_FOUND;
  const made = upsert(dao, at.parent, randomUUID(), call);
  dao.update(at.kind, textOf(entity['id']), { name: entity['name'], [at.field]: { id: made['id'] } });
  return ok(made);
}

function insert(dao: Dao, kind: Kind, call: AdminCall, owner: Entity = {}): Entity {
  const { values, ttl } = given(dao, kind, call);
  return dao.insert(kind, { ...values, ...owner }, { ttl });
}

function upsert(
  dao: Dao,
  kind: Kind,
  key: string,
  call: AdminCall,
  owner: Entity = {},
  named: Entity = {},
): Entity {
  const { values, ttl } = given(dao, kind, call);
  return dao.upsert(kind, key, { ...named, ...values, ...owner }, { ttl });
}

function patch(dao: Dao, kind: Kind, key: string, call: AdminCall): Answer {
  let { values, ttl } = given(dao, kind, call);
  if (kind.name === 'plugins' && values['name'] === undefined) {
    const plugin = dao.find(kind, key);
    if (!plugin) return NOT_FOUND;
    ({ values, ttl } = given(dao, kind, call, { name: plugin['name'] }));
  }
  return ok(dao.update(kind, key, values, { ttl }));
}

function given(dao: Dao, kind: Kind, { body }: AdminCall, more: Entity = {}) {
  const all = { ...body.values, ...more };
  const values = body.isForm ? inferTypes(shapeOf(kind, all, dao.plugins).fields, all) : all;
  if (!kind.ttl || !('ttl' in values)) return { values };
  const { ttl, ...rest } = values;
  return { values: rest, ttl };
}
