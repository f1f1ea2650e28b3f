import type { Secret } from '#config';
import { IdentitySigner } from '#principal';
import { defineProblem } from '#problem';
import { traceHeaders } from '#telemetry';
import type { OnBehalf } from './on-behalf.js';

/** A request of one service of ours to another, in the name of whoever called it. */
export interface ServiceCall extends Omit<OnBehalf, 'signal'>, Partial<Pick<OnBehalf, 'signal'>> {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Longest wait for the head of the answer; its body may take longer. */
  readonly timeoutMs?: number;
}

/** Where another service is, and its GATEWAY_IDENTITY_KEY. */
export interface ServiceAddress {
  readonly name: string;
  readonly url: string;
  readonly identityKey: Secret;
}

const TIMEOUT_MS = 10_000;

export const ServiceUnreachable = defineProblem<{ service: string }>({
  type: 'service/unreachable',
  status: 503,
  title: 'A service that is needed does not answer',
  detail: ({ service }) => `${service} does not answer. Try again in a few seconds.`,
  extensions: ({ service }) => ({ service }),
  headers: () => ({ 'retry-after': '5' }),
  help: 'The service that was called needs another one, named in `service`, which is down, too slow, or at another address than it is told.',
});

/** Calls another service of ours with the caller's identity, freshly signed, and the request's id. */
export class ServiceClient {
  private readonly signer: IdentitySigner;

  constructor(private readonly address: ServiceAddress) {
    this.signer = new IdentitySigner(address.name, address.identityKey);
  }

  /**
   * The answer whatever its status; who asked reads its body, or cancels it.
   *
   * @throws {Problem} ServiceUnreachable: no answer, or none in time
   * @throws {unknown} the signal's reason, when it was aborted
   */
  async call(path: string, call: ServiceCall): Promise<Response> {
    const { principal, requestId, method = 'GET', body, signal, timeoutMs = TIMEOUT_MS } = call;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs);
    const headers = {
      ...call.headers,
      ...traceHeaders(call.incoming ?? {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      'x-gateway-identity': await this.signer.sign(principal),
      'x-request-id': requestId,
    };
    try {
      return await fetch(`${this.address.url.replace(/\/+$/, '')}${path}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        redirect: 'error',
        signal: signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw ServiceUnreachable({ service: this.address.name }, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}
