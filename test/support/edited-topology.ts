import { readFileSync } from 'node:fs';
import { dump, load } from 'js-yaml';
import type { PublicPath } from '../../kong/topology/access.js';
import { faultsOf } from '../../kong/topology/faults.js';
import { topology, topologyOptions, toYaml } from '../../kong/topology/index.js';

const open = JSON.parse(readFileSync('kong/public-routes.json', 'utf8')) as PublicPath[];
const good = toYaml(topology(topologyOptions({})));

/** What is wrong with a declarative file, by the rules that the committed ones keep. */
export function judge(text: string): readonly string[] {
  return faultsOf(text, { open, root: process.cwd() });
}

/** Anything of a declarative file, as anybody could edit it. */
export interface Entity {
  [field: string]: unknown;
  plugins: Entity[];
  routes: Entity[];
  paths: string[];
  config: { [field: string]: unknown; audience: string[]; tiers: Record<string, string> };
}
interface Editable extends Entity {
  services: Entity[];
  consumers: Entity[];
}
export type Change = (file: Editable, find: Find) => void;
interface Find {
  readonly service: (name: string) => Entity;
  readonly route: (name: string) => Entity;
  readonly plugin: (name: string, of?: Entity) => Entity;
  readonly without: (name: string, of: Entity) => void;
}

/** The faults of the topology after one change by hand. */
export function changed(change: Change, text = good): readonly string[] {
  const file = load(text) as Editable;
  const routes = [...file.services.flatMap(({ routes: own }) => own), ...file.routes];
  const named = (list: Entity[], name: string): Entity => {
    const found = list.find((entry) => entry['name'] === name || entry['username'] === name);
    if (!found) throw new Error(`no ${name}`);
    return found;
  };
  change(file, {
    service: (name) => named(file.services, name),
    route: (name) => named(routes, name),
    plugin: (name, of = file) => named(of['plugins'], name),
    without: (name, of) => {
      of['plugins'] = of['plugins'].filter((plugin) => plugin['name'] !== name);
    },
  });
  return judge(dump(file, { noRefs: true }));
}

export const id = (last: number): string => `00000000-0000-4000-8000-${String(last).padStart(12, '0')}`;
export const newRoute = (more: Partial<Entity>): Entity =>
  ({
    name: 'new',
    id: id(1),
    paths: ['/new'],
    strip_path: false,
    tags: ['topology'],
    plugins: [],
    ...more,
  }) as Entity;
export const newPlugin = (name: string, config: object, more: object = {}): Entity =>
  ({
    name,
    id: id(2),
    config,
    tags: ['topology'],
    ...more,
  }) as unknown as Entity;
export const LIMIT = { minute: 1, limit_by: 'ip', policy: 'local', fault_tolerant: true };
