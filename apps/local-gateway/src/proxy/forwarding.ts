import { VERSION } from '../version.js';
import type { Exchange } from './exchange.js';
import { dropHopByHop } from './headers.js';

/** Sets what the gateway tells the upstream about the request, in the place of what the client said. */
export function prepareHeaders(exchange: Exchange, upstreamHost: string): void {
  const { headers, clientHeaders, ip, host, port, route } = exchange;
  const upgrade = clientHeaders.get('upgrade');
  const isUpgrade = upgrade !== undefined && /\bupgrade\b/i.test(clientHeaders.get('connection') ?? '');
  const te = /\btrailers\b/i.test(clientHeaders.get('te') ?? '');
  dropHopByHop(headers);
  headers.set(
    'Host',
    route?.['preserve_host'] === true ? (clientHeaders.get('host') ?? upstreamHost) : upstreamHost,
  );
  if (isUpgrade) {
    headers.set('Connection', 'Upgrade');
    headers.set('Upgrade', upgrade);
  } else headers.set('Connection', 'keep-alive');
  if (te) headers.set('TE', 'trailers');
  const before = clientHeaders.getAll('x-forwarded-for').join(', ');
  headers.set('X-Forwarded-For', before ? `${before}, ${ip}` : ip);
  headers.set('X-Forwarded-Proto', 'http');
  headers.set('X-Forwarded-Host', host);
  headers.set('X-Forwarded-Port', String(port));
  headers.set('X-Forwarded-Path', exchange.rawPath);
  if (exchange.matchedPath === undefined) headers.delete('X-Forwarded-Prefix');
  else headers.set('X-Forwarded-Prefix', exchange.matchedPath);
  headers.set('X-Real-IP', ip);
  const via = clientHeaders.get('via');
  headers.set('Via', `${via ? `${via}, ` : ''}1.1 kong/${VERSION}`);
  headers.set('X-Kong-Request-Id', exchange.id);
}

/** What an upstream's answer keeps, and what is added to it. */
export function prepareAnswer(exchange: Exchange): void {
  const { responseHeaders: headers } = exchange;
  const via = headers.get('via');
  headers.set('X-Kong-Upstream-Latency', String(exchange.upstreamHeadersAt - exchange.upstreamStartedAt));
  headers.set('X-Kong-Proxy-Latency', String(exchange.upstreamStartedAt - exchange.startedAt));
  headers.set('Via', `${via ? `${via}, ` : ''}1.1 kong/${VERSION}`);
  headers.set('X-Kong-Request-Id', exchange.id);
}
