import {
  apply,
  type ApplyOptions,
  blockedLine,
  configurationHash,
  type Entity,
  isEmpty,
  KongAdmin,
  type KongNodes,
  type KongState,
  plan,
  type Plan,
  readConfiguration,
  readPluginDefaults,
  readState,
  strangersIn,
} from '#kong-admin';
import { toYaml, withoutDatabase } from './declarative.js';
import { type Plugin, TAG, type Topology } from './entities.js';

export type DatabaseMode = 'db' | 'dbless';

export interface LoadOptions extends Pick<ApplyOptions, 'onProgress' | 'signal'> {
  /** Also when it deletes a large part of what is there, or, without a database, what is not ours. */
  readonly force?: boolean;
  /** Only look. */
  readonly dryRun?: boolean;
}

export interface Loaded {
  readonly mode: DatabaseMode;
  /** What was done, or is to be done; undefined when a node without a database holds this very text. */
  readonly plan: Plan | undefined;
}

/** The topology can not be put into this Kong as it is; says what stands in the way. */
export class TopologyBlocked extends Error {
  constructor(reasons: readonly string[]) {
    super(reasons.join('\n'));
    this.name = 'TopologyBlocked';
  }
}

/**
 * Makes one Kong node hold this topology: what differs is written, entity by entity in a Kong with a database, as one
 * `POST /config` in a Kong without. What does not carry our tag is never touched; where it stands in the way, nothing is
 * written at all, since what protects a route may be what is missing.
 *
 * Global plugins, which are closed, stand before any route, and what opens a route comes last and goes first: at no
 * moment is a route open that should not be. A route may be closed that should be open.
 *
 * @throws {TopologyBlocked} it would touch what is not ours, or delete much; nothing was written
 * @throws {ApplyStopped} Kong refused an entity or stopped answering; loading again does only the rest
 * @throws {KongRefused} {KongUnreachable} while reading
 */
export async function loadTopology(
  nodes: KongNodes,
  url: string,
  topology: Topology,
  options: LoadOptions = {},
): Promise<Loaded> {
  const admin = new KongAdmin(nodes, url);
  const status = await admin.status();
  if (status.mode === 'db') return { mode: 'db', plan: await loadEntities(admin, topology, options) };
  const wanted = withoutDatabase(topology);
  const text = toYaml(wanted);
  const isThere = status.configurationHash === configurationHash(text);
  return { mode: 'dbless', plan: isThere ? undefined : await replace(admin, wanted, text, options) };
}

async function loadEntities(admin: KongAdmin, topology: Topology, options: LoadOptions): Promise<Plan> {
  const actual = await readState(admin, topology, TAG);
  const todo = await planFor(admin, topology, actual, options);
  if (options.dryRun || isEmpty(todo)) return todo;
  refuse([...todo.blocked.map(blockedLine), ...heldBy(todo.held)]);
  await apply(todo, admin, options);
  return todo;
}

async function replace(
  admin: KongAdmin,
  topology: Topology,
  text: string,
  options: LoadOptions,
): Promise<Plan> {
  const actual = await readConfiguration(admin);
  const todo = await planFor(admin, topology, actual, options);
  if (options.dryRun) return todo;
  const strangers = options.force ? 0 : strangersIn(actual, TAG).length;
  const lost = `it replaces the whole configuration, in which ${strangers} entities are not of the topology`;
  refuse([...heldBy(todo.held), ...heldBy(strangers > 0 ? lost : undefined)]);
  await admin.load(text, []);
  return todo;
}

async function planFor(
  admin: KongAdmin,
  topology: Topology,
  actual: KongState,
  { force }: LoadOptions,
): Promise<Plan> {
  const pluginDefaults = await readPluginDefaults(admin, topology);
  return plan(topology, actual, { tag: TAG, opens, force, pluginDefaults });
}

/** Everything but closed: a route's own instance replaces the global one. */
function opens(entity: Entity): boolean {
  const { access } = (entity as Partial<Plugin>).config ?? {};
  return access !== undefined && access !== 'principal';
}

function heldBy(why: string | undefined): string[] {
  return why === undefined ? [] : [`held: ${why}; force it if that is meant`];
}

function refuse(reasons: readonly string[]): void {
  if (reasons.length > 0) throw new TopologyBlocked(reasons);
}
