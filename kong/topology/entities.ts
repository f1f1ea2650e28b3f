/** What lives in Kong, as its Admin API takes it: references are ids, so each of these is one PUT. */
export interface Topology {
  readonly services: readonly Service[];
  readonly routes: readonly Route[];
  readonly consumers: readonly Consumer[];
  readonly plugins: readonly Plugin[];
}

interface Entity {
  readonly id: string;
  readonly tags: readonly string[];
}

interface Reference {
  readonly id: string;
}

export interface Service extends Entity {
  readonly name: string;
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly connect_timeout: number;
  readonly read_timeout: number;
}

export interface Route extends Entity {
  readonly name: string;
  readonly paths: readonly string[];
  readonly strip_path: boolean;
  readonly request_buffering?: boolean;
  readonly response_buffering?: boolean;
  readonly service?: Reference;
}

export interface Consumer extends Entity {
  readonly username: string;
}

export interface Plugin extends Entity {
  readonly name: string;
  readonly route?: Reference;
  readonly consumer?: Reference;
  readonly config: PluginConfig;
}

export type PluginConfig = Readonly<Record<string, unknown>>;

/** Everything that comes from Git carries it: what an operator's own entities do not. */
export const TAG = 'topology';
/** Path and everything below it, in no service's gift to the outside: second ports and the gateway's own questions. */
export const UNREACHABLE = ['/metrics', '/internal'] as const;
/** What only the gateway may ask of auth-api, under both of its names. */
export const UNREACHABLE_AT_AUTH_API = ['/auth/validate-api-key', '/llm/auth/validate-api-key'] as const;
