import { accessFaults, type PublicPath } from './access.js';
import { secretFaults } from './literals.js';
import { reachFaults } from './reach.js';
import { readDeclarative } from './read.js';
import { formFaults } from './schemas.js';

/** What a file is held against: the paths that may be public, and the folder that holds kong/plugins. */
export interface Against {
  readonly open: readonly PublicPath[];
  readonly root: string;
}

/** Everything that is wrong with a declarative file, one line each; nothing is asked of any gateway. */
export function faultsOf(text: string, { open, root }: Against): readonly string[] {
  const file = readDeclarative(text);
  const faults = [
    ...file.faults,
    ...formFaults(file, root),
    ...secretFaults(file),
    ...reachFaults(file),
    ...accessFaults(file, open),
  ];
  return [...new Set(faults)];
}
