import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decodeProtectedHeader } from 'jose';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { faultOf, parseAccessToken, principalFromToken, TokenRejected } from './access-token.js';
import { PRINCIPAL_OPTIONS, type PrincipalOptions } from './options.js';
import type { Principal } from './principal.js';
import { RealmKeys } from './realm-keys.js';

const ALGORITHM = 'RS256';
const NAME = 'access-token';

/**
 * passport-jwt with the realm's keys. The algorithm is fixed here, never read from the token (RFC 8725 §3.1); passport-jwt
 * judges it, the signature, `exp` without tolerance, `iss` and `aud`; `validate` the rest.
 */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy, NAME) {
  declare private authenticator: PassportInstance | undefined;

  constructor(
    @Inject(PRINCIPAL_OPTIONS) private readonly options: PrincipalOptions,
    keys: RealmKeys,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: (_request, token: string, done: (error: unknown, key?: never) => void) => {
        // A KeyObject, not PEM text, so that no request parses a key; the types know only text and buffers.
        void keyFor(token, keys)
          .then((key) => done(null, key as never))
          .catch(done);
      },
      algorithms: [ALGORITHM],
      issuer: options.issuer,
      audience: options.audience,
      jsonWebTokenOptions: { ignoreNotBefore: true },
    });
  }

  /** Asked for by Nest: passport's own registry is one per process, and two apps in it must not share keys. */
  getPassportInstance(): PassportInstance {
    return (this.authenticator ??= new passport.Authenticator());
  }

  /** @throws {Error} TokenRejected, a problem of the realm keys, or an error of jsonwebtoken */
  verify(token: string): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const answer = (error: Error | null, principal: Principal | false, failure: Error): void =>
        principal ? resolve(principal) : reject(error ?? failure);
      const ask = this.getPassportInstance().authenticate(NAME, { session: false }, answer) as Middleware;
      // A request of our own: passport writes functions on the one it is given.
      ask({ headers: { authorization: `Bearer ${token}` } }, {}, reject);
    });
  }

  /** @throws {TokenRejected} */
  validate(payload: unknown): Principal {
    const token = parseAccessToken(payload);
    const { acceptedParties } = this.options;
    const fault = faultOf(token, { acceptedParties, nowS: Date.now() / 1000 });
    if (fault !== undefined) throw new TokenRejected(fault);
    return principalFromToken(token);
  }
}

type PassportInstance = InstanceType<typeof passport.Authenticator>;
type Middleware = (request: object, response: object, next: (error?: unknown) => void) => void;

/** @throws {Error} TokenRejected, or a problem of the realm keys */
async function keyFor(token: string, keys: RealmKeys): Promise<KeyObject> {
  const key = await keys.find(kidOf(token));
  if (key === undefined) throw new TokenRejected('unknown-kid');
  return key;
}

/**
 * Read before the key is looked for, so that a token of another algorithm never makes us fetch keys. `crit` names
 * extensions that must be understood, and we understand none (RFC 7515 §4.1.11); passport-jwt does not look.
 *
 * @throws {TokenRejected}
 */
function kidOf(token: string): string {
  const { alg, kid, crit } = decodeProtectedHeader(token);
  if (alg !== ALGORITHM) throw new TokenRejected('wrong-algorithm');
  if (typeof kid !== 'string' || crit !== undefined) throw new TokenRejected('malformed');
  return kid;
}
