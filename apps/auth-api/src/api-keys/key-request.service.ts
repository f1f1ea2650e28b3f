import { Inject, Injectable } from '@nestjs/common';
import { GuestMayNot, PresentUsers, type User } from '../users/index.js';
import { DEFAULT_SCOPES, hasScope, type Principal, type Scope } from '#principal';
import { NotFound, ValidationFailed } from '#problem';
import type { CreateKeyDto } from './api-keys.dto.js';
import { API_KEYS_OPTIONS, type ApiKeysOptions } from './api-keys.options.js';
import { ScopeNotYours, TierNotYours } from './api-keys.problems.js';
import type { KeyRequest } from './api-keys.service.js';

/** Decides what a person may ask for when he makes a key. */
@Injectable()
export class KeyRequests {
  constructor(
    private readonly users: PresentUsers,
    @Inject(API_KEYS_OPTIONS) private readonly options: ApiKeysOptions,
  ) {}

  /**
   * The state of the user decides, not the token: one who has just upgraded makes keys with his old token.
   *
   * @throws {Problem} GuestMayNot, NotFound
   */
  async owner(principal: Principal): Promise<User> {
    const present = await this.users.get(principal.id);
    if (present === undefined) throw NotFound();
    if (present.user.guest) throw GuestMayNot({ what: 'have API keys' });
    return present.user;
  }

  /** @throws {Problem} ValidationFailed, ScopeNotYours, TierNotYours */
  check(body: CreateKeyDto, principal: Principal, owner: User): KeyRequest {
    const name = body.name ?? body.description;
    if (name === undefined) throw fault('name', 'must be given, as name or as description');
    const days = body.expires_in_days;
    if (days !== undefined && days > this.options.maxDays)
      throw fault('expires_in_days', `must be at most ${this.options.maxDays}`);
    const scopes = body.scopes ?? DEFAULT_SCOPES.filter((scope) => hasScope(principal.scopes, scope));
    this.assertMayGive({ scopes, tier: body.tier }, principal, owner);
    return { name, expiresInDays: days, scopes, tier: body.tier };
  }

  /**
   * A key can never make one that may do more than itself, not by rotating a stronger one either; and a tier needs its
   * role each time.
   *
   * @throws {Problem} ScopeNotYours, TierNotYours
   */
  assertMayGive(
    { scopes, tier }: { readonly scopes: readonly string[]; readonly tier: string | undefined },
    principal: Principal,
    { roles }: User,
  ): void {
    const beyond = scopes.filter((scope) => !hasScope(principal.scopes, scope as Scope));
    if (beyond.length > 0) throw ScopeNotYours({ scopes: beyond });
    if (tier !== undefined && !roles.includes('admin') && !roles.includes(`tier:${tier}`))
      throw TierNotYours({ tier });
  }
}

function fault(field: string, detail: string): Error {
  return ValidationFailed({ errors: [{ field, detail }] });
}
