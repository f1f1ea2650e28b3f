import type { Consumer, Plugin, Route, Service, Topology } from './entities.js';
import { type Item, readDeclarative } from './read.js';

/** A topology file that can not be read, with every reason. */
export class UnreadableTopology extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`the topology file can not be read: ${faults.join('; ')}`);
    this.name = 'UnreadableTopology';
  }
}

/**
 * What `npm run kong:generate` wrote, as entities again. Everything in it has its id, which tells it apart.
 *
 * @throws {UnreadableTopology}
 */
export function fromYaml(text: string): Topology {
  const { services, routes, consumers, plugins, faults } = readDeclarative(text);
  const nameless = [services, routes, consumers, plugins]
    .flat()
    .filter(({ fields }) => typeof fields['id'] !== 'string')
    .map(({ kind, name }) => `${kind} ${name} has no id`);
  if (faults.length + nameless.length > 0) throw new UnreadableTopology([...faults, ...nameless]);
  return {
    services: services.map(entityOf<Service>),
    routes: routes.map(entityOf<Route>),
    consumers: consumers.map(entityOf<Consumer>),
    plugins: plugins.map(entityOf<Plugin>),
  };
}

function entityOf<T>({ kind, name, fields, ...parents }: Item): T {
  const references = (['service', 'route', 'consumer'] as const).flatMap((field) => {
    const parent = parents[field];
    return parent === undefined ? [] : [[field, { id: parent.fields['id'] }] as const];
  });
  const named = kind === 'consumer' ? { username: name } : { name };
  return { ...fields, ...named, ...Object.fromEntries(references) } as T;
}
