/** What is read of a token that Keycloak will judge: which client it belongs to and whose it is. */
export interface TokenHint {
  readonly azp: string;
  readonly sub: string;
}

/** Reads a JWT without verifying it: only to choose how to ask Keycloak about it. Undefined when it is no JWT. */
export function hintOf(token: string): TokenHint | undefined {
  if (token.length > 8192) return undefined;
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(token)?.[1];
  if (payload === undefined) return undefined;
  try {
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Partial<TokenHint> | null;
    const { azp, sub } = claims ?? {};
    return typeof azp === 'string' && typeof sub === 'string' ? { azp, sub } : undefined;
  } catch {
    return undefined; // not JSON, so not a token: Keycloak need not be asked
  }
}
