import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuditService } from '../audit/index.js';
import { DesiredConsumers } from '../consumers/index.js';
import { GuestMayNot, PresentUsers } from '../users/index.js';
import { NotFound } from '#problem';
import type { ApplicationRow } from './application.entity.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';
import { ApplicationIdTaken, ApplicationLimitReached, ApplicationNotFound } from './applications.problems.js';
import { type ApplicationQuery, ApplicationsRepository } from './applications.repository.js';
import { type Actor, type Asker, SYSTEM } from './asker.js';
import { EndUsersRepository } from './end-users.repository.js';
import { GatewayState } from './gateway-state.service.js';
import { MachineConsumers } from './machine-consumers.service.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

/** An application, and whether the gateway has everything of it as it is. */
export interface ApplicationView {
  readonly row: ApplicationRow;
  readonly active: boolean;
}

export interface ApplicationPage {
  readonly items: readonly ApplicationView[];
  readonly nextCursor: string | undefined;
}

export type NewApplication = Pick<ApplicationRow, 'id' | 'name' | 'redirectUri'>;

/** Applications of people. Deleting one takes everything of it along, in one transaction. */
@Injectable()
export class ApplicationsService {
  constructor(
    private readonly applications: ApplicationsRepository,
    private readonly subscriptions: SubscriptionsRepository,
    private readonly endUsers: EndUsersRepository,
    private readonly machines: MachineConsumers,
    private readonly consumers: DesiredConsumers,
    private readonly gateway: GatewayState,
    private readonly users: PresentUsers,
    private readonly audit: AuditService,
    @Inject(APPLICATIONS_OPTIONS) private readonly options: ApplicationsOptions,
  ) {}

  /** @throws {Problem} GuestMayNot, NotFound, ApplicationLimitReached, ApplicationIdTaken */
  async create(asker: Asker, wish: NewApplication): Promise<ApplicationView> {
    await this.assertRegistered(asker);
    const row: ApplicationRow = { ...wish, owner: asker.id, createdAt: new Date() };
    await this.consumers.transaction(async (manager) => {
      if (!(await this.applications.lockOwner(manager, asker.id))) throw NotFound();
      const limit = this.options.maxPerUser;
      if ((await this.applications.countOf(manager, asker.id)) >= limit)
        throw ApplicationLimitReached({ limit });
      if (!(await this.applications.insert(manager, row))) throw ApplicationIdTaken({ id: row.id });
      await this.record(manager, asker, 'application.created', row.id, { name: row.name });
    });
    return { row, active: true };
  }

  async page(asker: Asker, query: ApplicationQuery): Promise<ApplicationPage> {
    const rows = await this.applications.page(asker, query);
    const items = rows.slice(0, query.limit);
    return {
      items: await this.views(items),
      nextCursor: rows.length > query.limit ? items.at(-1)?.id : undefined,
    };
  }

  /** @throws {Problem} ApplicationNotFound, the same for another's application and for none */
  async get(asker: Asker, id: string): Promise<ApplicationView> {
    const row = await this.applications.find(id, asker);
    if (row === undefined) throw ApplicationNotFound();
    const [view] = await this.views([row]);
    return view as ApplicationView;
  }

  /** A changed redirect URI replaces the credentials of its OAuth clients. @throws {Problem} ApplicationNotFound */
  async change(
    asker: Asker,
    id: string,
    wish: { readonly name?: string; readonly redirectUri?: string },
  ): Promise<ApplicationView> {
    const { row, changed } = await this.consumers.transaction(async (manager) => {
      const before = await this.lock(manager, asker, id);
      const row = {
        ...before,
        name: wish.name ?? before.name,
        redirectUri: wish.redirectUri ?? before.redirectUri,
      };
      const set = differences(before, row);
      if (Object.keys(set).length === 0) return { row, changed: [] };
      await this.applications.update(manager, id, set);
      await this.record(manager, asker, 'application.changed', id, set);
      if (set.redirectUri === undefined) return { row, changed: [] };
      const subscriptions = await this.subscriptions.of(id, manager);
      return { row, changed: await this.machines.redirect(manager, row, subscriptions) };
    });
    return { row, active: (await this.gateway.settle(changed)).size === 0 };
  }

  /**
   * Its subscriptions go too, their consumers, and the end users whom no other application needs.
   *
   * @returns how many consumers Kong still has
   * @throws {Problem} ApplicationNotFound
   */
  async delete(asker: Asker, id: string): Promise<number> {
    const removed = await this.consumers.transaction(async (manager) =>
      this.end(manager, await this.lock(manager, asker, id), asker),
    );
    return (await this.gateway.settle(removed)).size;
  }

  /** Ends the applications of people who were deleted: of this one, or of anybody. @returns how many */
  async endOwnerless(userId: string | undefined): Promise<number> {
    let ended = 0;
    for (const id of await this.applications.ownerless(userId))
      await this.consumers.transaction(async (manager) => {
        const row = await this.applications.lock(manager, id);
        if (row === undefined) return;
        await this.end(manager, row, SYSTEM);
        ended += 1;
      });
    return ended;
  }

  private async end(manager: EntityManager, { id, owner }: ApplicationRow, actor: Actor): Promise<string[]> {
    const subscriptions = await this.subscriptions.of(id, manager);
    const { released, gone } = await this.endUsers.release(manager, id, undefined);
    const machines = subscriptions.flatMap(({ consumerId }) => consumerId ?? []);
    const removed = await this.consumers.remove(manager, [...machines, ...gone]);
    await this.subscriptions.delete(
      manager,
      subscriptions.map(({ id: subscription }) => subscription),
    );
    await this.applications.delete(manager, id);
    await this.record(manager, actor, 'application.deleted', id, {
      owner,
      subscriptions: subscriptions.map(({ api }) => api),
      end_users: released,
    });
    return removed;
  }

  /** The state of the person decides, not the token: one who has just upgraded still has his old one. */
  private async assertRegistered({ id }: Asker): Promise<void> {
    const present = await this.users.get(id);
    if (present === undefined) throw NotFound();
    if (present.user.guest) throw GuestMayNot({ what: 'have applications' });
  }

  private async lock(manager: EntityManager, asker: Asker, id: string): Promise<ApplicationRow> {
    const row = await this.applications.lock(manager, id, asker);
    if (row === undefined) throw ApplicationNotFound();
    return row;
  }

  private async views(rows: readonly ApplicationRow[]): Promise<ApplicationView[]> {
    const subscriptions = await this.subscriptions.ofAll(rows.map(({ id }) => id));
    const waiting = await this.gateway.waiting(subscriptions.flatMap(({ consumerId }) => consumerId ?? []));
    const unsettled = new Set(
      subscriptions
        .filter(({ consumerId }) => consumerId !== null && waiting.has(consumerId))
        .map(({ applicationId }) => applicationId),
    );
    return rows.map((row) => ({ row, active: !unsettled.has(row.id) }));
  }

  private async record(
    manager: EntityManager,
    { id: actor, origin }: Actor,
    action: string,
    id: string,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.audit.record(manager, { actor, action, target: `application:${id}`, origin, details });
  }
}

function differences(before: ApplicationRow, after: ApplicationRow): Partial<ApplicationRow> {
  return {
    ...(before.name === after.name ? {} : { name: after.name }),
    ...(before.redirectUri === after.redirectUri ? {} : { redirectUri: after.redirectUri }),
  };
}
