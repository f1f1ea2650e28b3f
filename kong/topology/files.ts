import { toYaml, withoutDatabase } from './declarative.js';
import { type TopologyOptions, topologyOptions } from './options.js';
import { topology } from './topology.js';

/** What is committed, and generated whole. */
export const FILES = {
  db: 'kong/kong.yaml',
  dbless: 'kong/kong.dbless.yaml',
} as const;
export type Form = keyof typeof FILES;

/** The text of either file; what is committed is what no environment gives. */
export function render(form: Form, options: TopologyOptions = topologyOptions({})): string {
  const whole = topology(options);
  return toYaml(form === 'dbless' ? withoutDatabase(whole) : whole);
}
