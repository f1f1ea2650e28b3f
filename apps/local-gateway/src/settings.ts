import { type Parsed, setting } from '#config';

const port = (help: string) => setting.integer(`${help} 0 takes a free one.`, { min: 0, max: 65_535 });

/** Every setting of local-gateway, and the only place that reads the environment. */
export const SETTINGS = {
  GATEWAY_HOST: setting
    .text('Address of the proxy port; the Admin API is always on loopback.')
    .default('127.0.0.1'),
  GATEWAY_PROXY_PORT: port('Port for clients.').default(8000),
  GATEWAY_ADMIN_PORT: port('Port of the Admin API.').default(8001),
  GATEWAY_MODE: setting
    .oneOf(
      ['db', 'dbless'],
      'Entities one by one through the Admin API, or whole configurations by POST /config.',
    )
    .default('db'),
  GATEWAY_DECLARATIVE_CONFIG: setting.text('A kong.yaml that is loaded at start.').optional(),
  GATEWAY_PLUGINS_PATH: setting.text('Folder with our Lua plugins, one folder each.').default('kong/plugins'),
  GATEWAY_PLUGINS: setting
    .list(
      'Enabled plugins; `bundled` is the ones built in. Default: bundled, and every plugin in the folder.',
    )
    .optional(),
  GATEWAY_LOG_LEVEL: setting
    .oneOf(['debug', 'info', 'warn', 'error', 'silent'], 'How much is logged to stderr, as JSON lines.')
    .default('info'),
};

export type GatewaySettings = Parsed<typeof SETTINGS>;
