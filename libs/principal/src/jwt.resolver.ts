import { Inject, Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { Problem } from '#problem';
import { TokenRejected } from './access-token.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { credentialsOf } from './credentials.js';
import { PRINCIPAL_OPTIONS, type PrincipalOptions } from './options.js';
import type { Principal } from './principal.js';
import { ConfusedDeputy, type Reason, Unauthenticated } from './principal.problems.js';
import type { IncomingRequest, PrincipalResolver } from './resolver.js';

const MAX_TOKEN_LENGTH = 8192;

/** Access tokens of the realm, from the Authorization header alone (RFC 6750 §2.1). */
@Injectable()
export class JwtResolver implements PrincipalResolver {
  constructor(
    @Inject(PRINCIPAL_OPTIONS) private readonly options: PrincipalOptions,
    private readonly strategy: AccessTokenStrategy,
  ) {}

  /**
   * Beside a gateway identity the token is one that the gateway has verified, and must only name the same person.
   *
   * @throws {Problem} Unauthenticated, ConfusedDeputy, KeysUnavailable
   */
  async resolve(request: IncomingRequest, before: Principal | undefined): Promise<Principal | undefined> {
    const { token, ambiguous } = credentialsOf(request);
    if (ambiguous) throw this.refusal('malformed');
    if (token === undefined) return undefined;
    if (token.length > MAX_TOKEN_LENGTH) throw this.refusal('malformed');
    if (before?.via.gateway !== true) return this.verify(token);
    if (this.subjectOf(token) !== before.id) throw ConfusedDeputy();
    return undefined;
  }

  private async verify(token: string): Promise<Principal> {
    try {
      return await this.strategy.verify(token);
    } catch (error) {
      throw error instanceof Problem ? error : this.refusal(reasonOf(error), error);
    }
  }

  private subjectOf(token: string): string | undefined {
    try {
      return decodeJwt(token).sub;
    } catch (error) {
      throw this.refusal('malformed', error);
    }
  }

  private refusal(reason: Reason, cause?: unknown): Problem {
    return Unauthenticated({ reason, realm: this.options.realm }, { cause });
  }
}

/** jsonwebtoken tells most faults apart by message only. */
const MESSAGES: readonly (readonly [string, Reason])[] = [
  ['invalid signature', 'bad-signature'],
  ['jwt signature is required', 'bad-signature'],
  ['invalid algorithm', 'wrong-algorithm'],
  ['jwt issuer invalid', 'wrong-issuer'],
  ['jwt audience invalid', 'wrong-audience'],
  ['invalid exp value', 'missing-claim'],
];

/** The reason behind an error of passport-jwt, jose or our own rules. */
function reasonOf(error: unknown): Reason {
  if (error instanceof TokenRejected) return error.reason;
  const { name, message } = error as Error;
  if (name === 'TokenExpiredError') return 'expired';
  return MESSAGES.find(([start]) => message.startsWith(start))?.[1] ?? 'malformed';
}
