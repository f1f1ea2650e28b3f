import type { Entity } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import type { Exchange } from '../proxy/exchange.js';

export type Config = Entity;

/** One instance of a plugin, as it applies to a request. */
export interface PluginInstance {
  readonly handler: PluginHandler;
  readonly config: Config;
  readonly entity: Entity;
}

type Phase = (exchange: Exchange, plugin: PluginInstance, gateway: Gateway) => void | Promise<void>;

/** A plugin: its place in the order, and what it does in each phase. Throws an `Exit` to answer by itself. */
export interface PluginHandler {
  readonly name: string;
  readonly version: string;
  readonly priority: number;
  readonly rewrite?: Phase;
  readonly access?: Phase;
  readonly headerFilter?: Phase;
  readonly log?: Phase;
}
