import { Inject, Injectable } from '@nestjs/common';
import type { ApiName } from '#config';
import { AuditService } from '../audit/index.js';
import { DesiredConsumers, takenConstraint } from '../consumers/index.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';
import { ApplicationNotFound, CustomIdTaken, NoImplicitSubscription } from './applications.problems.js';
import { ApplicationsRepository } from './applications.repository.js';
import type { Asker } from './asker.js';
import type { EndUserRow } from './end-user.entity.js';
import { EndUsersRepository } from './end-users.repository.js';
import { GatewayState } from './gateway-state.service.js';
import { canonicalEmail, endUserConsumer, endUserConsumerId } from './naming.js';
import { takesEndUsers } from './subscription.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

export interface EndUserWish {
  readonly applicationId: string;
  readonly api: ApiName;
  readonly email: string;
  readonly customId: string | undefined;
}

export interface RegisteredEndUser {
  readonly row: EndUserRow;
  readonly username: string;
  /** The application did not count on him before. */
  readonly isNew: boolean;
  readonly active: boolean;
}

/** People who use applications of the implicit flow: consumers `email$api`, made when an authorization server asks. */
@Injectable()
export class EndUsersService {
  constructor(
    private readonly applications: ApplicationsRepository,
    private readonly subscriptions: SubscriptionsRepository,
    private readonly endUsers: EndUsersRepository,
    private readonly consumers: DesiredConsumers,
    private readonly gateway: GatewayState,
    private readonly audit: AuditService,
    @Inject(APPLICATIONS_OPTIONS) private readonly options: ApplicationsOptions,
  ) {}

  /**
   * May be repeated: it then says the same and changes nothing, but for a custom_id that is another one now.
   *
   * @throws {Problem} ApplicationNotFound, NoImplicitSubscription, CustomIdTaken
   */
  async register(asker: Asker, wish: EndUserWish): Promise<RegisteredEndUser> {
    const registered = await this.write(asker, wish).catch((error: unknown) => {
      throw takenConstraint(error) === 'consumers_by_custom_id'
        ? CustomIdTaken(undefined, { cause: error })
        : error;
    });
    const active = (await this.gateway.settle([registered.row.id])).size === 0;
    return { ...registered, active };
  }

  private async write(
    { id: actor, origin }: Asker,
    { applicationId, api, email: address, customId }: EndUserWish,
  ): Promise<Omit<RegisteredEndUser, 'active'>> {
    const email = canonicalEmail(address);
    const id = endUserConsumerId(this.options.realm, email, api);
    return this.consumers.transaction(async (manager) => {
      if (!(await this.applications.hold(manager, applicationId))) throw ApplicationNotFound();
      const subscriptions = await this.subscriptions.of(applicationId, manager);
      if (!subscriptions.some((one) => one.api === api && takesEndUsers(one)))
        throw NoImplicitSubscription({ api });
      const { row, isChanged } = await this.endUsers.ensure(manager, { id, api, email, customId });
      const isNew = await this.endUsers.link(manager, applicationId, id);
      const consumer = endUserConsumer(this.options.realm, row);
      if (isChanged) await this.consumers.put(manager, consumer);
      if (isNew)
        await this.audit.record(manager, {
          actor,
          action: 'end-user.registered',
          target: `end-user:${id}`,
          origin,
          details: { application: applicationId, api },
        });
      return { row, isNew, username: consumer.username };
    });
  }
}
