import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { signingKeysOf } from './realm-keys.js';

const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength }).publicKey;
const jwkOf = (key: ReturnType<typeof rsa>, more: object) => ({ ...key.export({ format: 'jwk' }), ...more });

describe('what a realm publishes', () => {
  it('counts where it verifies RS256, as PEM by kid', () => {
    const key = rsa();
    const publicKey = key.export({ type: 'spki', format: 'pem' });
    const keys = [
      jwkOf(key, { kid: 'a', use: 'sig', alg: 'RS256' }),
      jwkOf(key, { kid: 'b' }),
      jwkOf(key, { kid: 'encryption', use: 'enc', alg: 'RSA-OAEP' }),
      jwkOf(key, { kid: 'other algorithm', use: 'sig', alg: 'PS256' }),
      jwkOf(key, { use: 'sig', alg: 'RS256' }),
      jwkOf(rsa(1024), { kid: 'short', use: 'sig', alg: 'RS256' }),
      { kid: 'curve', kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
    ];
    expect(signingKeysOf({ keys })).toEqual([
      { kid: 'a', publicKey },
      { kid: 'b', publicKey },
    ]);
  });

  it.each([[null], [{}], [{ keys: 'none' }], ['<html>'], [{ keys: [{ kid: 'a', kty: 'RSA', n: 1 }] }]])(
    'is not believed when it is %j',
    (document) => {
      expect(() => signingKeysOf(document)).toThrow();
    },
  );
});
