import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayIdentity } from './gateway-identity.js';

export const PROOF = 'x-gateway-identity';

/** A header that says who is calling, or claims to come from the gateway: a claim until the gateway is proven. */
export interface IdentityHeader {
  /** In lower case, as Node gives it, and with hyphens. */
  readonly name: string;
  readonly value: string;
}

const FAMILIES =
  /^x-(?:(?:user|consumer|gateway|authenticated)-.*|credential-identifier|anonymous-consumer|auth-method|principal-id)$/;

/** Headers whose value says nothing about the person. */
const FREE: ReadonlySet<string> = new Set(['x-consumer-id', 'x-consumer-username', 'x-gateway-version']);

/**
 * The identity headers of a request in all spellings: Kong's nginx lets `X_User_Id` through beside `X-User-ID`. The
 * proof itself is not among them, unless it is misspelled.
 */
export function identityHeadersOf(headers: IncomingHttpHeaders): readonly IdentityHeader[] {
  const found: IdentityHeader[] = [];
  for (const spelled in headers) {
    if (!spelled.startsWith('x') || spelled === PROOF) continue;
    const name = spelled.replaceAll('_', '-');
    if (FAMILIES.test(name)) found.push({ name, value: String(headers[spelled]) });
  }
  return found;
}

/** Whether a header says what the proof says; one that the gateway never sets disagrees with every proof. */
export function agrees({ name, value }: IdentityHeader, identity: GatewayIdentity): boolean {
  if (FREE.has(name)) return true;
  const expected = expectedValue(name, identity);
  return expected !== undefined && (value === expected || fromUtf8(value) === expected);
}

function expectedValue(name: string, identity: GatewayIdentity): string | undefined {
  if (identity.kind === 'application') return expectedOfApplication(name, identity);
  switch (name) {
    case 'x-user-id':
    case 'x-user-subject':
    case 'x-consumer-custom-id':
      return identity.sub;
    case 'x-user-email':
      return identity.email ?? undefined;
    case 'x-user-username':
      return identity.preferred_username;
    case 'x-auth-method':
      return identity.amr[0];
    case 'x-credential-identifier':
      return identity.cid ?? undefined;
    case 'x-gateway-auth':
      return 'kong';
    default:
      return undefined;
  }
}

/** It is no person, so it has nothing of what is said about those. */
function expectedOfApplication(name: string, { custom_id, cid }: GatewayIdentity): string | undefined {
  switch (name) {
    case 'x-consumer-custom-id':
      return custom_id ?? undefined;
    case 'x-credential-identifier':
      return cid ?? undefined;
    case 'x-gateway-auth':
      return 'kong';
    default:
      return undefined;
  }
}

/** Node reads header bytes as Latin-1; the gateway writes names in UTF-8. */
function fromUtf8(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}
