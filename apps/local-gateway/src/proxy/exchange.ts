import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Entity } from '../entities/value.js';
import { normalisePath } from '../uri-path.js';
import type { PluginInstance } from '../plugins/handler.js';
import { exitError, exitJson } from './exit.js';
import { Headers } from './headers.js';

/** One request on its way through: what came, who is calling, and what will be sent on. */
export class Exchange {
  readonly id = randomBytes(16).toString('hex');
  readonly startedAt = Date.now();
  readonly method: string;
  /** As the client wrote it. */
  readonly rawUri: string;
  readonly path: string;
  readonly clientHeaders: Headers;
  /** What the upstream will see; plugins write here. */
  readonly headers: Headers;
  readonly host: string;
  readonly port: number;
  readonly ip: string;
  query: string;
  hasQuery: boolean;
  upstreamMethod: string;
  /** A body in the place of the client's. */
  body: Buffer | undefined;
  upstreamPath = '';
  matchedPath: string | undefined;
  uriCaptures: Readonly<Record<string, string>> = {};
  route: Entity | undefined;
  service: Entity | undefined;
  consumer: Entity | undefined;
  credential: Entity | undefined;
  authenticatedGroups: readonly string[] | undefined;
  /** What Kong's own plugins put into `kong.ctx.shared` since Lua last ran for this request. */
  readonly shared = new Map<string, string | undefined>();
  /** Plugins that ran, in order; undefined until a route was found. */
  plugins: PluginInstance[] | undefined;
  readonly responseHeaders = new Headers();
  status = 0;
  source: 'exit' | 'error' | 'service' = 'exit';
  upstreamStartedAt = 0;
  upstreamHeadersAt = 0;
  /** What the Lua side keeps of this request. */
  lua: unknown;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    readonly expectsContinue: boolean,
  ) {
    this.method = request.method ?? 'GET';
    this.upstreamMethod = this.method;
    this.rawUri = originForm(request.url ?? '/');
    const at = this.rawUri.indexOf('?');
    this.path = normalisePath(at < 0 ? this.rawUri : this.rawUri.slice(0, at));
    this.query = at < 0 ? '' : this.rawUri.slice(at + 1);
    this.hasQuery = this.query !== '';
    this.clientHeaders = new Headers(request.rawHeaders);
    this.headers = new Headers(request.rawHeaders);
    const host = request.headers.host ?? '';
    this.host = host.replace(/:\d+$/, '').toLowerCase();
    this.port = request.socket.localPort ?? 0;
    this.ip = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  }

  get rawPath(): string {
    const at = this.rawUri.indexOf('?');
    return at < 0 ? this.rawUri : this.rawUri.slice(0, at);
  }

  exit = exitJson;

  error(status: number, message?: string, headers?: Record<string, string | number>) {
    return exitError(status, message, this.id, this.clientHeaders.get('accept'), headers);
  }
}

/** `http://host/path` in the request line means `/path`. */
function originForm(url: string): string {
  const match = /^https?:\/\/[^/?#]*([^#]*)/i.exec(url);
  const form = match ? match[1] || '/' : url;
  return form.startsWith('/') ? form : `/${form}`;
}
