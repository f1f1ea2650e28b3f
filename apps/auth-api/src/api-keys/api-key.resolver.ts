import { Inject, Injectable } from '@nestjs/common';
import { credentialsOf, type IncomingRequest, type Principal, type PrincipalResolver } from '#principal';
import { MalformedRequest } from '#problem';
import type { KnownKey } from './api-key.js';
import { API_KEYS_OPTIONS, type ApiKeysOptions } from './api-keys.options.js';
import { KeyRefused } from './api-keys.problems.js';
import { KeyValidator } from './key-validator.service.js';

/** API keys sent straight to auth-api. A gateway that is proven has judged the key already, and hidden it. */
@Injectable()
export class ApiKeyResolver implements PrincipalResolver {
  constructor(
    private readonly validator: KeyValidator,
    @Inject(API_KEYS_OPTIONS) private readonly options: ApiKeysOptions,
  ) {}

  /** @throws {Problem} KeyRefused; StorageUnavailable; MalformedRequest for two different keys */
  async resolve(request: IncomingRequest, before: Principal | undefined): Promise<Principal | undefined> {
    if (before?.via.gateway === true) return undefined;
    const [key, another] = credentialsOf(request).apiKeys;
    if (key === undefined) return undefined;
    if (another !== undefined)
      throw MalformedRequest({ reason: 'Two different API keys were sent. Send one.' });
    const verdict = await this.validator.validate(key);
    if (!verdict.valid) throw KeyRefused({ reason: verdict.reason, realm: this.options.realm });
    return toPrincipal(verdict.key);
  }
}

function toPrincipal({ id: keyId, userId, scopes, owner }: KnownKey): Principal {
  return {
    kind: owner.guest ? 'guest' : 'user',
    id: userId,
    username: owner.username,
    email: owner.email,
    emailVerified: owner.emailVerified,
    roles: [...owner.roles],
    scopes: [...scopes],
    via: {
      method: 'apikey',
      gateway: false,
      credentialId: keyId,
      issuedAt: Math.floor(Date.now() / 1000),
      authorizedParty: undefined,
    },
  };
}
