import { Inject, Injectable } from '@nestjs/common';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';
import { ServiceAccount } from './service-account.js';

/** Something changed about a user. */
export interface AccountEvent {
  /** Tells the same event from another when it is read twice. */
  readonly key: string;
  readonly userId: string;
  /** We did it ourselves, and know. */
  readonly own: boolean;
  /** The account itself was changed or deleted, so he may have been disabled: not a role, a group or a new account. */
  readonly mayEnd: boolean;
  /** Milliseconds since 1970, by Keycloak's clock. */
  readonly time: number;
}

/** Keycloak sends it with every event; the client's types leave it out. */
interface Identified {
  readonly id: string;
}

interface AdminEvent extends Identified {
  readonly time?: number;
  readonly resourcePath?: string;
  readonly operationType?: string;
  readonly authDetails?: { readonly userId?: string };
}

interface SelfServiceEvent extends Identified {
  readonly time?: number;
  readonly userId?: string;
  readonly type?: string;
}

interface EventList {
  readonly events: readonly AccountEvent[];
  /** Time of the last event where there were more than one look reads, else Infinity. */
  readonly cutAt: number;
}

const PAGE = 200;
/** More than one look reads; what is left comes with the next one. */
const MAX_EVENTS = 100 * PAGE;
const SELF_SERVICE = ['UPDATE_PROFILE', 'UPDATE_EMAIL', 'VERIFY_EMAIL', 'DELETE_ACCOUNT'];
const USER_PATH = /^users\/([0-9a-f-]{36})(\/?)/;
const MAY_END = ['UPDATE', 'DELETE'];

/** Changes of users by administrators and by themselves, as Keycloak records them. */
@Injectable()
export class KeycloakEvents {
  constructor(
    private readonly service: ServiceAccount,
    @Inject(KEYCLOAK_OPTIONS) private readonly options: KeycloakOptions,
  ) {}

  /**
   * Events since `sinceMs` (inclusive), the oldest first; after a long time not all of them at once. Two requests, more
   * only when there are over PAGE.
   */
  async since(sinceMs: number): Promise<AccountEvent[]> {
    const lists = await Promise.all([this.adminEvents(sinceMs), this.selfServiceEvents(sinceMs)]);
    // Where one list was cut off, the other must not run ahead of it.
    const until = Math.min(...lists.map(({ cutAt }) => cutAt));
    return lists
      .flatMap(({ events }) => events)
      .filter(({ time }) => time <= until)
      .sort((a, b) => a.time - b.time);
  }

  private async adminEvents(sinceMs: number): Promise<EventList> {
    const own = await this.service.ownUserId();
    const toAdminEvent = (event: AdminEvent): AccountEvent[] => {
      const { id, time = 0, resourcePath = '', operationType = '', authDetails } = event;
      const [, userId, below] = USER_PATH.exec(resourcePath) ?? [];
      if (userId === undefined) return [];
      const mayEnd = below === '' && MAY_END.includes(operationType);
      return [{ key: id, userId, time, own: authDetails?.userId === own, mayEnd }];
    };
    return this.pages(sinceMs, toAdminEvent, (query) =>
      this.service.call('admin-events', (admin) =>
        admin.realms.findAdminEvents({
          ...query,
          resourceTypes: ['USER', 'REALM_ROLE_MAPPING', 'GROUP_MEMBERSHIP'],
          operationTypes: ['CREATE', 'UPDATE', 'DELETE', 'ACTION'],
        } as unknown as Parameters<typeof admin.realms.findAdminEvents>[0]),
      ),
    );
  }

  private async selfServiceEvents(sinceMs: number): Promise<EventList> {
    return this.pages(sinceMs, toSelfServiceEvent, (query) =>
      this.service.call('user-events', (admin) =>
        admin.realms.findEvents({ ...query, type: SELF_SERVICE } as unknown as Parameters<
          typeof admin.realms.findEvents
        >[0]),
      ),
    );
  }

  private async pages<E>(
    sinceMs: number,
    read: (event: E & Identified) => AccountEvent[],
    ask: (query: Record<string, unknown>) => Promise<E[]>,
  ): Promise<EventList> {
    const events: AccountEvent[] = [];
    for (let first = 0; ; first += PAGE) {
      const query = {
        realm: this.options.realm,
        dateFrom: String(sinceMs),
        direction: 'asc',
        first,
        max: PAGE,
      };
      const page = (await ask(query)) as (E & Identified)[];
      events.push(...page.flatMap(read));
      if (page.length < PAGE) return { events, cutAt: Infinity };
      if (first + PAGE >= MAX_EVENTS) return { events, cutAt: events.at(-1)?.time ?? Infinity };
    }
  }
}

function toSelfServiceEvent({ id, time = 0, userId, type }: SelfServiceEvent): AccountEvent[] {
  return userId === undefined
    ? []
    : [{ key: id, userId, time, own: false, mayEnd: type === 'DELETE_ACCOUNT' }];
}
