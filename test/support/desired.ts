import 'reflect-metadata';
import { randomBytes, randomUUID } from 'node:crypto';
import { entityId, Secret } from '#config';
import { Database } from '#storage';
import { createLogger } from '#telemetry';
import type { RateLimits } from '../../apps/auth-api/src/consumers/index.js';
import { DesiredConsumers } from '../../apps/auth-api/src/consumers/index.js';
import { CREDENTIAL_KEY } from './auth-api.js';
import { rememberSecrets } from './secrets-ledger.js';
import { testStack } from './stack.js';

/** A consumer as a test wants it; the rest is made up. */
export interface Wish {
  readonly id?: string;
  readonly username?: string;
  readonly customId?: string;
  readonly groups?: readonly string[];
  readonly limits?: RateLimits;
  /** How many keys it has. */
  readonly keys?: readonly string[];
}

/**
 * Writes what should be in Kong as a process of auth-api does that dies right after its commit: nobody is told, so it is
 * for another one to find.
 */
export class Desired {
  private constructor(
    private readonly database: Database,
    private readonly consumers: DesiredConsumers,
  ) {}

  static async of(databaseUrl: string): Promise<Desired> {
    const logger = createLogger({ service: 'test', level: 'silent' });
    const database = new Database({ url: databaseUrl, poolMax: 4, entities: [], migrations: [], logger });
    database.onModuleInit();
    await database.whenReady;
    const options = {
      realm: testStack().realm,
      credentialKeys: [new Secret(CREDENTIAL_KEY)],
      publicUrl: 'http://localhost:8000',
      waitForKongMs: 0,
    };
    return new Desired(database, new DesiredConsumers(database, options));
  }

  /** In one transaction. @returns their ids */
  async put(wishes: readonly Wish[]): Promise<string[]> {
    return this.consumers.transaction(async (manager) => {
      const ids: string[] = [];
      for (const wish of wishes) {
        const consumer = consumerOf(wish);
        await this.consumers.put(manager, consumer);
        ids.push(consumer.id);
      }
      return ids;
    });
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.consumers.transaction((manager) => this.consumers.remove(manager, ids));
  }

  /** Its credentials are as if CREDENTIAL_KEY had been another one. @returns makes them as they were */
  async lockAway(id: string): Promise<() => Promise<unknown>> {
    const set = (name: string, sealed: string) =>
      this.database.run(
        { name, text: `UPDATE consumer_credentials SET sealed = ${sealed} WHERE consumer_id = $1` },
        [id],
      );
    await set('lock-away', `sealed || '\\x00'::bytea`);
    return () => set('take-back', 'substring(sealed FROM 1 FOR length(sealed) - 1)');
  }

  /** How many Kong does not have yet. */
  async waiting(): Promise<number> {
    return (await this.consumers.backlog()).waiting;
  }

  async refusals() {
    return this.consumers.refusals(100);
  }

  /** What should be there: usernames, and the keys by consumer. */
  async all(): Promise<Map<string, { readonly username: string; readonly keys: readonly string[] }>> {
    const found = new Map<string, { username: string; keys: string[] }>();
    for await (const page of this.consumers.all())
      for (const { id, username, credentials } of page)
        found.set(id, {
          username,
          keys: credentials.flatMap((each) => (each.kind === 'key-auth' ? [each.key.reveal()] : [])).sort(),
        });
    return found;
  }

  close(): Promise<void> {
    return this.database.onApplicationShutdown();
  }
}

/** A key as registration makes it, and nothing that a log may hold. */
export function inventedKey(): string {
  const key = randomBytes(32).toString('base64url');
  rememberSecrets({ key });
  return key;
}

function consumerOf({ id: given, username, customId, groups = [], limits, keys = [inventedKey()] }: Wish) {
  const { realm } = testStack();
  const id = given ?? entityId('consumer', realm, `test:${randomUUID()}`);
  return {
    id,
    origin: 'registration' as const,
    username: username ?? `client-${id}`,
    customId,
    tags: ['client'],
    groups,
    limits,
    credentials: keys.map((key) => ({
      kind: 'key-auth' as const,
      id: entityId('credential', realm, `test:${key}`),
      key: new Secret(key),
    })),
  };
}
