import { isIPv4, isIPv6 } from 'node:net';

/**
 * What counts as one client for a limit: an IPv4 address, or the /64 of an IPv6 one, since a household or a host is
 * given a whole /64. An IPv4 address written as IPv6 (`::ffff:1.2.3.4`) counts as IPv4.
 */
export function clientNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIPv4(address)) return address;
  const bare = address.split('%', 1)[0] ?? '';
  return isIPv6(bare) ? `${expand(bare).slice(0, 4).join(':')}::/64` : 'unknown';
}

function expand(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16).toString(16));
}
