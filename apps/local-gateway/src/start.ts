import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { resolve } from 'node:path';
import type { AddressInfo } from 'node:net';
import { createAdminServer } from './admin/server.js';
import { loadConfiguration } from './declarative/load.js';
import { md5, parseText } from './declarative/text.js';
import { declarativeConfig } from './entities/errors.js';
import { Gateway } from './gateway.js';
import { findPlugins } from './lua/plugin-files.js';
import { LuaWorker } from './lua/worker.js';
import { createLogger } from './log.js';
import { bundledHandlers } from './plugins/bundled.js';
import { bundledSchemas } from './plugins/schemas/index.js';
import { createProxyServer } from './proxy/server.js';
import type { GatewaySettings } from './settings.js';

export interface Ports {
  readonly proxy_port: number;
  readonly admin_port: number;
}
export interface RunningGateway {
  readonly ports: Ports;
  /** Ends every connection. Timers of plugins do not hold the process. */
  readonly close: () => void;
}

/** Starts one gateway: plugins loaded, configuration read, both ports open. */
export async function start(settings: GatewaySettings): Promise<RunningGateway> {
  const log = createLogger(settings.GATEWAY_LOG_LEVEL);
  log.warn('local-gateway stands in for Kong 3.9.3 in development and tests; it is not for production');
  const mode = settings.GATEWAY_MODE;
  const wanted = settings.GATEWAY_PLUGINS;
  const isWanted = (name: string, group: string) =>
    !wanted || wanted.includes(group) || wanted.includes(name);
  const schemas = bundledSchemas(mode).filter(({ name }) => isWanted(name, 'bundled'));
  const handlers = bundledHandlers().filter(({ name }) => isWanted(name, 'bundled'));
  const schemaByName = new Map(schemas.map((schema) => [schema.name, schema]));
  const handlerByName = new Map(handlers.map((handler) => [handler.name, handler]));
  const gateway = new Gateway({ mode, log, schemas: schemaByName, handlers: handlerByName });
  const folder = resolve(settings.GATEWAY_PLUGINS_PATH);
  const names = findPlugins(folder).filter((name) => !wanted || wanted.includes(name));
  const worker = new LuaWorker(folder, mode);
  worker.attach(gateway);
  for (const name of names) {
    const { schema, handler } = worker.load(name);
    schemaByName.set(name, schema);
    handlerByName.set(name, handler);
  }
  gateway.lua = worker;
  if (settings.GATEWAY_DECLARATIVE_CONFIG) readConfiguration(gateway, settings.GATEWAY_DECLARATIVE_CONFIG);
  await worker.initWorker();
  const [admin, proxy] = [createAdminServer(gateway), createProxyServer(gateway)];
  const admin_port = await listen(admin, settings.GATEWAY_ADMIN_PORT, '127.0.0.1');
  const proxy_port = await listen(proxy, settings.GATEWAY_PROXY_PORT, settings.GATEWAY_HOST);
  const close = () => {
    for (const server of [admin, proxy]) {
      server.close();
      server.closeAllConnections();
    }
    worker.stop();
  };
  return { ports: { proxy_port, admin_port }, close };
}

function readConfiguration(gateway: Gateway, file: string): void {
  const text = readFileSync(file, 'utf8');
  const loaded = loadConfiguration(parseText(text), gateway.dao);
  if ('faults' in loaded) throw declarativeConfig(loaded.faults);
  gateway.replaceConfiguration(loaded.rows, md5(text));
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((done, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => done((server.address() as AddressInfo).port));
  });
}
