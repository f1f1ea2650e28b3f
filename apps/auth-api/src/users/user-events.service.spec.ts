import { afterEach, describe, expect, it } from '@jest/globals';
import type { AccountEvent, KeycloakEvents } from '#keycloak';
import type { Database, Locks } from '#storage';
import { createLogger } from '#telemetry';
import { UserEventsService } from './user-events.service.js';
import type { UsersService } from './users.service.js';

const ANNE = '0b3f1c9e-54a1-4d0c-8f8b-3d9a3d6b7c11';

/** A realm of events, and what the service does about them. */
class Fake {
  readonly asked: number[] = [];
  readonly reread: string[] = [];
  readonly met = new Set<string>();
  position = 1_000_000;
  events: AccountEvent[] = [];

  readonly service = new UserEventsService(
    {
      known: (ids: string[]) => Promise.resolve(ids.filter((id) => this.met.has(id))),
      reread: (id: string) => Promise.resolve(this.reread.push(id)),
    } as unknown as UsersService,
    {
      since: (sinceMs: number) => {
        this.asked.push(sinceMs);
        return Promise.resolve(this.events.filter(({ time }) => time >= sinceMs));
      },
    } as unknown as KeycloakEvents,
    {
      whenReady: Promise.resolve(),
      run: ({ name }: { name: string }, [value]: [number]) => {
        if (name === 'user-events-advance') this.position = value;
        return Promise.resolve(name === 'user-events-cursor' ? [{ position: String(this.position) }] : []);
      },
    } as unknown as Database,
    { ifFree: (_name: string, work: () => Promise<void>) => work() } as unknown as Locks,
    createLogger({ service: 'test', level: 'silent' }),
    { eventsIntervalMs: 1, realm: 'jan' },
  );

  /** Lets it look at least twice more. */
  async looks(): Promise<void> {
    const enough = this.asked.length + 2;
    while (this.asked.length < enough) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('hearing of changes to users', () => {
  const fake = (): Fake => (running = new Fake());
  let running: Fake | undefined;
  afterEach(() => running?.service.onApplicationShutdown());

  const event = (key: string, time: number, own = false, mayEnd = false): AccountEvent => ({
    key,
    userId: ANNE,
    time,
    own,
    mayEnd,
  });

  it('reads a person we have met once for each change', async () => {
    const realm = fake();
    realm.met.add(ANNE);
    realm.events = [event('a', 1_000_500), event('b', 1_000_500)];
    realm.service.onApplicationBootstrap();
    await realm.looks();
    expect(realm.reread).toEqual([ANNE]);
    realm.events.push(event('c', 1_000_400)); // stamped before b, committed after it
    await realm.looks();
    expect(realm.reread).toEqual([ANNE, ANNE]);
  });

  it('moves on over our own changes without reading anybody, so that no look reads all of them again', async () => {
    const realm = fake();
    realm.met.add(ANNE);
    realm.events = [event('own', 5_000_000, true)];
    realm.service.onApplicationBootstrap();
    await realm.looks();
    expect(realm.reread).toEqual([]);
    expect(realm.position).toBe(5_000_000);
    expect(realm.asked.at(-1)).toBe(4_990_000);
  });

  it('does not read whom we have not met, and looks again in case he is being met', async () => {
    const realm = fake();
    realm.events = [event('a', 1_000_500)];
    realm.service.onApplicationBootstrap();
    await realm.looks();
    expect(realm.reread).toEqual([]);
    realm.met.add(ANNE);
    await realm.looks();
    expect(realm.reread).toEqual([ANNE]);
  });

  it('reads a stranger who may have been disabled: the gateway may have let in a token of his', async () => {
    const realm = fake();
    realm.events = [event('a', 1_000_500, false, true)];
    realm.service.onApplicationBootstrap();
    await realm.looks();
    expect(realm.reread).toEqual([ANNE]);
  });
});
