export { topology } from './topology.js';
export { loadTopology, TopologyBlocked } from './load.js';
export { topologyOptions, type TopologyOptions } from './options.js';
export { declarative, toYaml, withoutDatabase } from './declarative.js';
export type { Consumer, Plugin, Route, Service, Topology } from './entities.js';
export { fromYaml, UnreadableTopology } from './from-file.js';
export { TAG as TOPOLOGY_TAG } from './entities.js';
