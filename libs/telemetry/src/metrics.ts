import { Registry, collectDefaultMetrics } from 'prom-client';

/** Every metric of this process; a metric registers itself here where it is declared. */
export const registry = new Registry();

/** Starts Node's own metrics (memory, event loop, handles) and labels everything with the service's name. */
export function startDefaultMetrics(service: string): void {
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
}
