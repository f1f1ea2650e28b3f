import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { KeycloakGate } from './gate.js';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';

/** A key with which access tokens of the realm are verified. */
export interface SigningKey {
  readonly kid: string;
  /** SPKI, as PEM. */
  readonly publicKey: string;
}

const LEAST_MODULUS_BITS = 2048;

/** The keys that the realm publishes (RFC 7517). */
@Injectable()
export class KeycloakRealmKeys {
  private readonly url: string;

  constructor(
    private readonly gate: KeycloakGate,
    @Inject(KEYCLOAK_OPTIONS) options: KeycloakOptions,
  ) {
    this.url = `${options.url}/realms/${encodeURIComponent(options.realm)}/protocol/openid-connect/certs`;
  }

  /**
   * What tokens may be signed with now: active keys and passive ones, no disabled one.
   *
   * @throws {Problem} KeycloakUnavailable; also where it publishes no such key, which no realm that works does
   */
  read(): Promise<readonly SigningKey[]> {
    return this.gate.pass('read-jwks', async (signal) => {
      const answer = await fetch(this.url, { signal, redirect: 'error' });
      if (!answer.ok) throw new Error(`${answer.status} from Keycloak`);
      const keys = signingKeysOf(await answer.json());
      if (keys.length === 0) throw new Error('the realm publishes no RS256 key');
      return keys;
    });
  }
}

/** Others, such as the RSA-OAEP key, are left out, and RSA keys that are too short (RFC 7518 §3.3). @throws {Error} no JWKS */
export function signingKeysOf(document: unknown): readonly SigningKey[] {
  const { keys } = (document ?? {}) as { keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('this is no JWKS');
  return (keys as readonly Partial<Record<string, unknown>>[]).flatMap((jwk) => {
    const { kid, kty, use = 'sig', alg = 'RS256' } = jwk;
    if (typeof kid !== 'string' || kty !== 'RSA' || use !== 'sig' || alg !== 'RS256') return [];
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_MODULUS_BITS) return [];
    return [{ kid, publicKey: key.export({ type: 'spki', format: 'pem' }) as string }];
  });
}
