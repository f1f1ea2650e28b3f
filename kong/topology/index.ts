export { topology } from './topology.js';
export { loadTopology, TopologyBlocked } from './load.js';
export { topologyOptions, type TopologyOptions } from './options.js';
export { declarative, toYaml, withoutDatabase } from './declarative.js';
export type { Consumer, Plugin, Route, Service, Topology } from './entities.js';
