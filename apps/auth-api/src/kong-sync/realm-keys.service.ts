import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { KeycloakRealmKeys } from '#keycloak';
import { RealmKeys as OwnKeys } from '#principal';
import { Database, Locks } from '#storage';
import { LOGGER } from '#telemetry';
import type { Fields } from './consumer-state.js';
import { changesBetween, type RealmKey, type RealmKeyChange, realmKeysAfter } from './realm-key.js';
import { RealmKeysInKong } from './realm-keys-in-kong.service.js';
import { REALM_KEYS_OPTIONS, type RealmKeysOptions } from './realm-keys.options.js';
import { type Asker, RealmKeysRepository } from './realm-keys.repository.js';

const LOCK = 'realm keys';
/** For one look of another process, of which Kong and Keycloak may each take their time. */
const TURN_WITHIN_MS = 5000;
/** A node without a database gets its whole configuration anew. */
const NODES_WITHIN_MS = 3000;

interface Look {
  readonly asker?: Asker;
  readonly goneIsDisabled?: boolean;
  readonly signal?: AbortSignal;
}

interface Seen {
  readonly keys: readonly RealmKey[];
  readonly changes: readonly RealmKeyChange[];
  /** Kids of which Kong was told something. */
  readonly written: readonly string[];
}

export interface Refreshed {
  readonly keys: readonly RealmKey[];
  readonly removed: readonly string[];
  readonly nodesPending: number;
}

/**
 * Knows by which keys the gateway is to verify tokens, and has Kong know them. The realm is asked on a timer, by one
 * process at a time. With Kong's own jwt plugin that is once a second, so there is nothing that a report of an unknown kid
 * could hasten: a new key is in Kong before such a report might cause another read.
 */
@Injectable()
export class RealmKeysService implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;
  private readonly told = new Map<string, string>();
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly keycloak: KeycloakRealmKeys,
    private readonly ownKeys: OwnKeys,
    private readonly repository: RealmKeysRepository,
    private readonly kong: RealmKeysInKong,
    private readonly database: Database,
    private readonly locks: Locks,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(REALM_KEYS_OPTIONS) private readonly options: RealmKeysOptions,
  ) {}

  onApplicationBootstrap(): void {
    void this.database.whenReady.then(() => this.next());
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** What Kong should have of them, as credentials for its own jwt plugin; none where it is not in use. */
  async desired(): Promise<readonly Fields[]> {
    return this.kong.desired(await this.repository.all());
  }

  async list(): Promise<readonly RealmKey[]> {
    return this.repository.all();
  }

  /** Calls back when other keys are desired than before. Call it in a constructor. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Asks the realm now, as the timer does. @throws {Problem} KeycloakUnavailable, Busy, StorageUnavailable */
  async read(): Promise<readonly RealmKey[]> {
    return (await this.inTurn({})).keys;
  }

  /**
   * Asks the realm now and takes at its word what it no longer publishes: such a key ends here and on every node at once,
   * although its tokens may not have expired.
   *
   * @throws {Problem} KeycloakUnavailable, Busy, StorageUnavailable: nothing was changed
   */
  async refresh(asker: Asker): Promise<Refreshed> {
    const { keys, changes, written } = await this.inTurn({ asker, goneIsDisabled: true });
    const kids = new Set([...changes.map(({ kid }) => kid), ...written]);
    const [behind, untold] = await Promise.all([
      this.kong.behind(keys, NODES_WITHIN_MS),
      this.kong.refreshNodes([...kids]),
      this.ownKeys.refresh(),
    ]);
    for (const [node, error] of untold)
      this.logger.warn({ err: error, node }, 'gateway node has not read the realm keys');
    return {
      keys,
      removed: changes.filter(({ change }) => change === 'removed').map(({ kid }) => kid),
      nodesPending: new Set([...behind, ...untold.keys()]).size,
    };
  }

  private inTurn(look: Look): Promise<Seen> {
    const turn = { what: 'the keys of the realm', waitMs: TURN_WITHIN_MS };
    return this.locks.withLock(LOCK, turn, () => this.look(look));
  }

  private next(): void {
    this.running = this.tick().then(() => {
      if (!this.stopped) this.timer = setTimeout(() => this.next(), this.options.intervalMs).unref();
    });
  }

  private async tick(): Promise<void> {
    try {
      await this.locks.ifFree(LOCK, async (signal) => {
        const { written } = await this.look({ signal });
        if (written.length > 0) await this.kong.refreshNodes(written);
      });
      this.told.delete('realm');
    } catch (error) {
      this.tell('realm', error, 'realm keys not read, trying again');
    }
  }

  private async look({ asker, goneIsDisabled, signal }: Look): Promise<Seen> {
    const known = await this.repository.all();
    const published = await this.keycloak.read().catch(async (error: unknown) => {
      await this.give(known);
      throw error;
    });
    signal?.throwIfAborted();
    const keys = realmKeysAfter(known, published, new Date(), { goneIsDisabled });
    const changes = changesBetween(known, keys);
    const also = asker && [{ action: 'realm-keys.refreshed', target: `realm:${this.options.realm}` }];
    await this.repository.keep(keys, changes, { asker, also });
    if (changes.length > 0) {
      this.logger.info({ changes }, 'realm keys have changed');
      for (const listener of this.listeners) listener();
    }
    return { keys, changes, written: await this.give(keys) };
  }

  /** To Kong; what it does not take now is given again at the next look. @returns kids of which it was told */
  private async give(keys: readonly RealmKey[]): Promise<readonly string[]> {
    try {
      const written = await this.kong.apply(keys);
      this.told.delete('kong');
      return written;
    } catch (error) {
      this.tell('kong', error, 'Kong does not take the realm keys, trying again');
      return [];
    }
  }

  /** Once, until it is another failure: this runs every second. */
  private tell(whom: string, error: unknown, message: string): void {
    const said = error instanceof Error ? error.message : String(error);
    if (this.told.get(whom) !== said) this.logger.warn({ err: error }, message);
    this.told.set(whom, said);
  }
}
