import { SignJWT } from 'jose';
import type { Secret } from '#config';
import { ISSUER, LIFETIME_S } from './gateway-identity.js';
import type { Principal } from './principal.js';

/**
 * Passes a caller's identity on from one service to another, in the form that the gateway gives it: a fresh proof for that
 * service alone, signed with its key, which whoever calls it is given by name (DESIGN.md section 8).
 */
export class IdentitySigner {
  private readonly key: Buffer;

  /** @param service name of the service that is called: `aud` @param key its GATEWAY_IDENTITY_KEY */
  constructor(
    private readonly service: string,
    key: Secret,
  ) {
    this.key = Buffer.from(key.reveal(), 'base64url');
  }

  /** A JWT for `X-Gateway-Identity` that lives a minute, and never longer than the credential that the caller has shown. */
  async sign(principal: Principal): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const { method, credentialId, authorizedParty, expiresAt = Infinity } = principal.via;
    const claims = {
      kind: principal.kind === 'application' ? 'application' : undefined,
      preferred_username: principal.username,
      email: principal.email,
      email_verified: principal.emailVerified,
      guest: principal.kind === 'guest',
      roles: principal.roles,
      scope: principal.scopes.join(' '),
      azp: authorizedParty,
      amr: [method],
      cid: principal.kind === 'application' ? principal.credentialId : credentialId,
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(this.service)
      .setSubject(principal.id)
      .setIssuedAt(now)
      .setExpirationTime(Math.min(now + LIFETIME_S, expiresAt))
      .sign(this.key);
  }
}
