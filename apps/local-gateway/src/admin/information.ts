import { hostname } from 'node:os';
import type { Dao } from '../entities/dao.js';
import { schemaViolation } from '../entities/errors.js';
import { fillIn } from '../entities/defaults.js';
import { KINDS } from '../entities/kinds.js';
import { schemaToJson, shapeOf, unknownPlugin } from '../entities/shape.js';
import { faultsOf } from '../entities/validate.js';
import { type Entity, isTable, textOf } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import { VERSION } from '../version.js';
import { type Answer, NOT_ALLOWED, ok } from './answer.js';
import type { AdminCall } from './endpoints.js';
import { escapeUri, pageOf } from './paging.js';

/** Who the gateway is: `GET /`. */
export function describe(gateway: Gateway): Answer {
  const enabled = new Set([...gateway.dao.each('plugins')].map((plugin) => plugin['name']));
  const available = [...gateway.handlers.values()].map(
    ({ name, version, priority }) => [name, { version, priority }] as const,
  );
  return ok({
    tagline: 'Welcome to kong',
    version: VERSION,
    edition: 'community',
    hostname: hostname(),
    node_id: gateway.nodeId,
    timers: { running: 0, pending: 0 },
    plugins: { available_on_server: Object.fromEntries(available), enabled_in_cluster: [...enabled] },
    lua_version: 'fengari',
    configuration: {
      database: gateway.mode === 'db' ? 'postgres' : 'off',
      role: 'traditional',
      router_flavor: 'traditional_compatible',
      loaded_plugins: Object.fromEntries(available.map(([name]) => [name, true])),
      plugins: available.map(([name]) => name),
      stand_in: 'gatehouse local-gateway, for development and tests',
    },
    pids: { master: process.pid, workers: [process.pid] },
  });
}

export function status(gateway: Gateway): Answer {
  const count = gateway.statistics;
  return ok({
    memory: { workers_lua_vms: [], lua_shared_dicts: {} },
    server: {
      connections_active: count.active,
      connections_reading: 0,
      connections_writing: count.active,
      connections_waiting: 0,
      connections_accepted: count.accepted,
      connections_handled: count.accepted,
      total_requests: count.requests,
    },
    ...(gateway.mode === 'db'
      ? { database: { reachable: true } }
      : { configuration_hash: gateway.configurationHash }),
  });
}

export function readiness(gateway: Gateway): Answer {
  const isEmpty = gateway.mode === 'dbless' && /^0+$/.test(gateway.configurationHash);
  return isEmpty
    ? { status: 503, body: { message: 'no configuration available (empty configuration present)' } }
    : ok({ message: 'ready' });
}

/** `/tags` and `/tags/{tag}`: which entity has which tag. */
export function tags(dao: Dao, call: AdminCall): Answer {
  if (call.method !== 'GET') return NOT_ALLOWED;
  const wanted = call.path[1];
  const rows: Entity[] = [];
  for (const kind of KINDS)
    for (const entity of dao.each(kind.name)) {
      const own = Array.isArray(entity['tags']) ? entity['tags'] : [];
      for (const tag of own)
        if (wanted === undefined || tag === wanted)
          rows.push({ tag, entity_name: kind.name, entity_id: entity['id'] });
    }
  const key = (row: Entity) => [textOf(row['entity_id']), textOf(row['tag'])];
  rows.sort((a, b) => (JSON.stringify(key(a)) < JSON.stringify(key(b)) ? -1 : 1));
  const { data, offset } = pageOf(() => rows, call.query, key);
  const base = wanted === undefined ? '/tags' : `/tags/${escapeUri(wanted)}`;
  return ok({ data, offset, next: offset === undefined ? null : `${base}?offset=${escapeUri(offset)}` });
}

/** `/schemas/{entity}`, `/schemas/plugins/{name}` and their `/validate`. */
export function schemas(dao: Dao, call: AdminCall): Answer {
  const [, name = '', second] = call.path;
  if (second === 'validate')
    return call.method === 'POST' ? validate(dao, name, call.body.values) : NOT_ALLOWED;
  if (call.method !== 'GET') return NOT_ALLOWED;
  if (name === 'plugins' && second !== undefined) {
    const schema = dao.plugins.get(second);
    return schema
      ? ok(schemaToJson(schema))
      : { status: 404, body: { message: `No plugin named '${second}'` } };
  }
  const kind = KINDS.find((each) => each.name === name);
  if (!kind || second !== undefined) return { status: 404, body: { message: `No entity named '${name}'` } };
  return ok(schemaToJson(kind));
}

function validate(dao: Dao, name: string, values: Entity): Answer {
  const kind = KINDS.find((each) => each.name === name);
  if (!kind) return { status: 404, body: { message: `No entity named '${name}'` } };
  const unknown = unknownPlugin(kind, values, dao.plugins);
  if (unknown) throw schemaViolation(unknown);
  const shape = shapeOf(kind, values, dao.plugins);
  const filled = fillIn(shape, values, 'insert');
  const faults = 'faults' in filled ? filled.faults : faultsOf(shape, filled.entity);
  if (faults && isTable(faults)) throw schemaViolation(faults);
  return ok({ message: 'schema validation successful' });
}
