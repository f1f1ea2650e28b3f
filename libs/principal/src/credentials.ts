import type { IncomingRequest } from './resolver.js';

export interface Credentials {
  /** What stands after `Bearer`, unless it is an API key; empty when nothing stands there. */
  readonly token: string | undefined;
  /** The API keys sent, as `X-API-Key` or `Authorization: Bearer sk_…`; the same one sent twice counts once. */
  readonly apiKeys: readonly string[];
  /** There is more than one Authorization header; Node's `headers` show the first alone. */
  readonly ambiguous: boolean;
}

/** `sk_…`, or another configured prefix such as `acme_test_`. No JWT looks like it: its header starts with `eyJ`. */
const API_KEY = /^(?:sk_|[a-z]{2,8}_[a-z]{2,8}_)/;
const BEARER = /^bearer(?: +|$)/i;

/** Reads what a client sent to say who he is, without judging it. Any scheme but Bearer counts as no credential. */
export function credentialsOf({ headers, raw }: IncomingRequest): Credentials {
  const scheme = BEARER.exec(headers.authorization ?? '');
  const bearer = scheme === null ? undefined : headers.authorization?.slice(scheme[0].length);
  const bearerIsKey = bearer !== undefined && API_KEY.test(bearer);
  const sent = [headers['x-api-key'], bearerIsKey ? bearer : undefined];
  return {
    token: bearerIsKey ? undefined : bearer,
    apiKeys: [...new Set(sent.filter((key): key is string => typeof key === 'string' && key !== ''))],
    ambiguous: countHeader(raw.rawHeaders, 'authorization') > 1,
  };
}

/** `rawHeaders` lists names and values in turn. */
function countHeader(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter(
    (text, index) => index % 2 === 0 && text.length === name.length && text.toLowerCase() === name,
  ).length;
}
