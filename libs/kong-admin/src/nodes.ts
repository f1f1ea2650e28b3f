import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { registry } from '#telemetry';
import { Connections } from './connections.js';
import { KongRefused, KongUnreachable } from './errors.js';
import { withFingerprints } from './fingerprint.js';
import { KONG_ADMIN_OPTIONS, type KongAdminOptions } from './options.js';
import { parseRetryAfter, retryDelayMs } from './retry.js';

const requests = new Counter({
  name: 'kong_admin_requests_total',
  help: 'Requests to the Admin API of Kong nodes, by operation and outcome (ok, refused, unreachable).',
  labelNames: ['operation', 'outcome'] as const,
  registers: [registry],
});

/** One request to a node's Admin API; `operation` names it in metrics and errors. */
export interface NodeRequest {
  readonly operation: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** What it is about, for errors: `consumer tier-guest`. */
  readonly subject?: string;
  /** How often it is sent until Kong answers; only for what is safe to repeat. Once, where somebody waits for it. */
  readonly attempts?: number;
  /** Longest wait for one answer, where it is not that of the options. */
  readonly timeoutMs?: number;
  /** What an error must not repeat: Kong quotes the value that it refuses. */
  readonly secrets?: readonly string[];
}

/** The Admin API of every Kong node we know. What must reach all nodes is sent to each: nodes do not tell each other. */
@Injectable()
export class KongNodes {
  private readonly connections: Connections;

  constructor(@Inject(KONG_ADMIN_OPTIONS) private readonly options: KongAdminOptions) {
    this.connections = new Connections(options.tls);
  }

  get urls(): readonly string[] {
    return this.options.urls;
  }

  /**
   * Asks one node.
   *
   * @throws {KongRefused} it answered 4xx
   * @throws {KongUnreachable} no answer in time, no connection, 5xx, or 429
   */
  async ask(url: string, request: NodeRequest): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await this.askOnce(url, request);
        requests.inc({ operation: request.operation, outcome: 'ok' });
        return answer;
      } catch (error) {
        const outcome = error instanceof KongRefused ? 'refused' : 'unreachable';
        requests.inc({ operation: request.operation, outcome });
        if (!(error instanceof KongUnreachable) || attempt >= (request.attempts ?? 1)) throw error;
        await sleep(retryDelayMs(attempt, Math.random(), error.retryAfterMs));
      }
    }
  }

  /** Asks all nodes at once; returns those that did not do it, and why. */
  async tellAll(request: NodeRequest): Promise<ReadonlyMap<string, Error>> {
    const failed = new Map<string, Error>();
    await Promise.all(
      this.urls.map(async (url) => {
        try {
          await this.ask(url, request);
        } catch (error) {
          failed.set(url, error as Error);
        }
      }),
    );
    return failed;
  }

  private async askOnce(url: string, request: NodeRequest): Promise<unknown> {
    const { method, path, secrets = [] } = request;
    const operation = [request.operation, request.subject].filter(Boolean).join(' ');
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers = this.headers(body !== undefined);
    try {
      const timeoutMs = request.timeoutMs ?? this.options.timeoutMs;
      const sent = { method, path, headers, body };
      const { status, retryAfter, text } = await this.connections.send(url, sent, timeoutMs);
      if (status >= 500 || status === 429) {
        const retryAfterMs = parseRetryAfter(retryAfter, Date.now());
        throw new KongUnreachable(operation, url, `it answered ${status}`, { retryAfterMs });
      }
      if (status >= 400) throw new KongRefused(operation, url, status, withFingerprints(text, secrets));
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    } catch (error) {
      if (error instanceof KongRefused || error instanceof KongUnreachable) throw error;
      throw new KongUnreachable(operation, url, 'it does not answer', { cause: error });
    }
  }

  private headers(withBody: boolean): Record<string, string> {
    const { tokenHeader } = this.options;
    return {
      ...(withBody ? { 'content-type': 'application/json' } : {}),
      ...(tokenHeader === undefined ? {} : { [tokenHeader.name]: tokenHeader.value.reveal() }),
    };
  }
}
