import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ApiName } from '#config';
import { Database } from '#storage';
import { AuditService } from '../audit/index.js';
import { type Credential, DesiredConsumers } from '../consumers/index.js';
import type { ApplicationRow } from './application.entity.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';
import {
  ApplicationNotFound,
  NoCredentials,
  OwnerOnly,
  RedirectUriNeeded,
  SubscribedAlready,
  SubscriptionNotFound,
} from './applications.problems.js';
import { ApplicationsRepository } from './applications.repository.js';
import type { Asker } from './asker.js';
import { EndUsersRepository } from './end-users.repository.js';
import { GatewayState } from './gateway-state.service.js';
import { MachineConsumers } from './machine-consumers.service.js';
import { subscriptionConsumerId } from './naming.js';
import type { PlanName } from './plans.js';
import type { SubscriptionRow } from './subscription.entity.js';
import { type Auth, changes, type Decision, firstStatus, isMachine } from './subscription.js';
import { SubscriptionsRepository } from './subscriptions.repository.js';

export interface SubscriptionWish {
  readonly api: ApiName;
  readonly auth: Auth;
  readonly plan: PlanName;
}

/** A subscription, and whether it works at the gateway. */
export interface SubscriptionView {
  readonly row: SubscriptionRow;
  readonly active: boolean;
}

/** What was just made or decided. */
export interface DecidedSubscription extends SubscriptionView {
  /** Kong has it as it was decided. */
  readonly settled: boolean;
  /** Only when it was made by this, and for the owner. */
  readonly credential: Credential | undefined;
}

/** Subscriptions of applications to APIs: wished by the owner, decided by the plan or an administrator. */
@Injectable()
export class SubscriptionsService {
  constructor(
    private readonly applications: ApplicationsRepository,
    private readonly subscriptions: SubscriptionsRepository,
    private readonly endUsers: EndUsersRepository,
    private readonly machines: MachineConsumers,
    private readonly consumers: DesiredConsumers,
    private readonly gateway: GatewayState,
    private readonly database: Database,
    private readonly audit: AuditService,
    @Inject(APPLICATIONS_OPTIONS) private readonly options: ApplicationsOptions,
  ) {}

  /** @throws {Problem} ApplicationNotFound, RedirectUriNeeded, SubscribedAlready */
  async create(asker: Asker, applicationId: string, wish: SubscriptionWish): Promise<DecidedSubscription> {
    const made = await this.consumers.transaction(async (manager) => {
      const application = await this.lock(manager, asker, applicationId);
      if (!isMachine(wish) && application.redirectUri === null) throw RedirectUriNeeded();
      const row = this.newRow(applicationId, wish);
      if (!(await this.subscriptions.insert(manager, row))) throw SubscribedAlready({ api: wish.api });
      await this.record(manager, asker, 'subscription.created', row, { ...wish, status: row.status });
      const credential =
        row.status === 'approved' ? await this.machines.add(manager, application, row) : undefined;
      return { row, credential: shownTo(asker, application, credential) };
    });
    return this.settled(made);
  }

  /** @throws {Problem} ApplicationNotFound */
  async list(asker: Asker, applicationId: string): Promise<SubscriptionView[]> {
    await this.assertVisible(asker, applicationId);
    return this.views(await this.subscriptions.of(applicationId));
  }

  /** @throws {Problem} ApplicationNotFound, SubscriptionNotFound */
  async get(asker: Asker, applicationId: string, id: string): Promise<SubscriptionView> {
    await this.assertVisible(asker, applicationId);
    const row = await this.subscriptions.find(applicationId, id);
    if (row === undefined) throw SubscriptionNotFound();
    const [view] = await this.views([row]);
    return view as SubscriptionView;
  }

  /**
   * Approves or refuses, by an administrator. What was approved loses its credential when it is refused, and gets another
   * one when it is approved again. A repeated decision changes nothing.
   *
   * @throws {Problem} ApplicationNotFound, SubscriptionNotFound
   */
  async decide(
    asker: Asker,
    applicationId: string,
    id: string,
    { decision, reason }: { readonly decision: Decision; readonly reason?: string },
  ): Promise<DecidedSubscription> {
    const decided = await this.consumers.transaction(async (manager) => {
      const application = await this.lock(manager, asker, applicationId);
      const before = await this.getIn(manager, applicationId, id);
      if (!changes(before.status, decision)) return { row: before, credential: undefined };
      const set = { status: decision, reason: reason ?? null, decidedAt: new Date() };
      await this.subscriptions.update(manager, id, set);
      const row = { ...before, ...set };
      const { api } = row;
      await this.record(manager, asker, `subscription.${decision}`, row, {
        api,
        ...(reason === undefined ? {} : { reason }),
      });
      if (decision === 'refused') {
        await this.removeConsumers(manager, row);
        return { row, credential: undefined };
      }
      const credential = await this.machines.add(manager, application, row);
      return { row, credential: shownTo(asker, application, credential) };
    });
    return this.settled(decided);
  }

  /** @returns how many consumers Kong still has @throws {Problem} ApplicationNotFound, SubscriptionNotFound */
  async delete(asker: Asker, applicationId: string, id: string): Promise<number> {
    const removed = await this.consumers.transaction(async (manager) => {
      await this.lock(manager, asker, applicationId);
      const row = await this.getIn(manager, applicationId, id);
      await this.subscriptions.delete(manager, [id]);
      await this.record(manager, asker, 'subscription.deleted', row, { api: row.api });
      return this.removeConsumers(manager, row);
    });
    return (await this.gateway.settle(removed)).size;
  }

  /**
   * What the application shows at the API. Said again as often as the owner asks, on record.
   *
   * @throws {Problem} ApplicationNotFound, OwnerOnly, SubscriptionNotFound, NoCredentials
   */
  async credential(
    asker: Asker,
    applicationId: string,
    id: string,
  ): Promise<{ readonly row: SubscriptionRow; readonly credential: Credential }> {
    return this.database.transaction(async (manager) => {
      const application = await this.lock(manager, asker, applicationId);
      if (application.owner !== asker.id) throw OwnerOnly();
      const row = await this.getIn(manager, applicationId, id);
      if (!isMachine(row)) throw NoCredentials({ why: 'in the implicit flow its end users are let in' });
      if (row.status !== 'approved') throw NoCredentials({ why: `it is ${row.status}` });
      const credential = await this.machines.credentialOf(manager, row);
      if (credential === undefined) throw new Error(`subscription ${id} is approved and has no credential`);
      await this.record(manager, asker, 'subscription.credentials-read', row, { api: row.api });
      return { row, credential };
    });
  }

  private newRow(applicationId: string, { api, auth, plan }: SubscriptionWish): SubscriptionRow {
    const status = firstStatus(plan);
    const now = new Date();
    return {
      id: randomUUID(),
      applicationId,
      consumerId: isMachine({ auth }) ? subscriptionConsumerId(this.options.realm, applicationId, api) : null,
      api,
      auth,
      plan,
      status,
      reason: null,
      createdAt: now,
      decidedAt: status === 'pending' ? null : now,
    };
  }

  private async removeConsumers(
    manager: EntityManager,
    { applicationId, api, consumerId }: SubscriptionRow,
  ): Promise<string[]> {
    if (consumerId !== null) return this.consumers.remove(manager, [consumerId]);
    const { gone } = await this.endUsers.release(manager, applicationId, api);
    return this.consumers.remove(manager, gone);
  }

  private async settled({
    row,
    credential,
  }: {
    readonly row: SubscriptionRow;
    readonly credential: Credential | undefined;
  }): Promise<DecidedSubscription> {
    const settled = row.consumerId === null || (await this.gateway.settle([row.consumerId])).size === 0;
    return { row, credential, settled, active: settled && row.status === 'approved' };
  }

  private async views(rows: readonly SubscriptionRow[]): Promise<SubscriptionView[]> {
    const waiting = await this.gateway.waiting(rows.flatMap(({ consumerId }) => consumerId ?? []));
    return rows.map((row) => ({
      row,
      active: row.status === 'approved' && !(row.consumerId !== null && waiting.has(row.consumerId)),
    }));
  }

  private async assertVisible(asker: Asker, applicationId: string): Promise<void> {
    if ((await this.applications.find(applicationId, asker)) === undefined) throw ApplicationNotFound();
  }

  private async lock(manager: EntityManager, asker: Asker, id: string): Promise<ApplicationRow> {
    const row = await this.applications.lock(manager, id, asker);
    if (row === undefined) throw ApplicationNotFound();
    return row;
  }

  private async getIn(manager: EntityManager, applicationId: string, id: string): Promise<SubscriptionRow> {
    const row = await this.subscriptions.find(applicationId, id, manager);
    if (row === undefined) throw SubscriptionNotFound();
    return row;
  }

  private async record(
    manager: EntityManager,
    { id: actor, origin }: Asker,
    action: string,
    { id, applicationId }: SubscriptionRow,
    details: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await this.audit.record(manager, {
      actor,
      action,
      target: `subscription:${id}`,
      origin,
      details: { application: applicationId, ...details },
    });
  }
}

function shownTo(
  { id }: Asker,
  { owner }: ApplicationRow,
  credential: Credential | undefined,
): Credential | undefined {
  return id === owner ? credential : undefined;
}
