import { constants, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';

export interface Jwt {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: string;
  readonly signature: Buffer;
}

const ALGORITHM = /^(HS|RS|ES|PS)(256|384|512)$|^EdDSA$/;

/** @returns what is wrong, in Kong's words */
export function parseJwt(token: string): Jwt | string {
  const [head = '', ...rest] = token.split('.');
  const claims64 = rest[0];
  if (claims64 === undefined) return 'invalid JSON';
  let header: unknown;
  let claims: unknown;
  try {
    header = JSON.parse(decode(head));
    claims = JSON.parse(decode(claims64));
  } catch {
    return 'invalid JSON';
  }
  if (typeof header !== 'object' || header === null || typeof claims !== 'object' || claims === null)
    return 'invalid JSON';
  const alg = (header as Record<string, unknown>)['alg'];
  if (typeof alg !== 'string' || !ALGORITHM.test(alg)) return 'invalid alg';
  if (rest[1] === undefined) return 'invalid JSON';
  return {
    header: header as Jwt['header'],
    claims: claims as Jwt['claims'],
    signed: `${head}.${claims64}`,
    signature: Buffer.from(rest.slice(1).join('.'), 'base64url'),
  };
}

const decode = (text: string) => Buffer.from(text, 'base64url').toString();

/** Whether the signature was made with this key, by the algorithm of the header. */
export function isSignedWith({ header, signed, signature }: Jwt, key: string | Buffer): boolean {
  const alg = String(header['alg']);
  const hash = `sha${alg.slice(2)}`;
  const data = Buffer.from(signed);
  if (alg.startsWith('HS')) {
    const made = createHmac(hash, key).update(data).digest();
    return made.length === signature.length && timingSafeEqual(made, signature);
  }
  try {
    const publicKey = createPublicKey(key);
    if (alg === 'EdDSA') return verify(null, data, publicKey, signature);
    if (alg.startsWith('ES'))
      return verify(hash, data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    const padding = alg.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING;
    return verify(hash, data, { key: publicKey, padding }, signature);
  } catch {
    return false;
  }
}

/** Faults of `exp` and `nbf`, by claim. */
export function claimFaults(
  claims: Jwt['claims'],
  toVerify: readonly string[],
): Record<string, string> | undefined {
  const now = Math.floor(Date.now() / 1000);
  const faults: Record<string, string> = {};
  for (const name of toVerify) {
    const value = claims[name];
    if (typeof value !== 'number') faults[name] = 'must be a number';
    else if (name === 'nbf' && value > now) faults[name] = 'token not valid yet';
    else if (name === 'exp' && value <= now) faults[name] = 'token expired';
  }
  return Object.keys(faults).length > 0 ? faults : undefined;
}
