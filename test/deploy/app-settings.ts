import { join } from 'node:path';
import { ConfigurationError, parseSettings, type Settings } from '#config';
import { topologyOptions } from '../../kong/topology/index.js';
import { ROOT } from './tools.js';

/** Read by Node itself. */
const OF_NODE = ['NODE_EXTRA_CA_CERTS'];

/** What is wrong with what an app is told: a setting it does not know, one that it lacks, one that it would refuse. */
export async function faultsOfApp(
  app: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const path = join(ROOT, 'apps', app, 'src/app.config.ts');
  const { SETTINGS } = (await import(path)) as { readonly SETTINGS: Settings };
  const known = [...Object.keys(SETTINGS), ...OF_NODE];
  const unknown = Object.keys(environment)
    .filter((name) => !known.includes(name))
    .map((name) => `${name}: ${app} has no such setting`);
  return [...unknown, ...faults(() => parseSettings(SETTINGS, environment))];
}

/** The same for what the topology is made of. */
export function faultsOfTopology(
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return faults(() => topologyOptions(environment));
}

function faults(parse: () => unknown): readonly string[] {
  try {
    parse();
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}
