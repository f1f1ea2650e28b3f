import { join } from 'node:path';
import { onDatabase, requireDatabase } from './database.js';
import { startPostgres } from './postgres.js';
import { recorder, type StackContext, startPart, watch } from './stack-context.js';

export const POSTGRES = 'PostgreSQL';
export const MAIN_DATABASE = 'gatehouse';

/** A database server, ours or the user's. */
export interface PostgresPart {
  readonly databaseUrl: string;
  /** Same server, another database. */
  readonly urlOf: (database: string) => string;
}

/** The user's own, at the database that he named. */
export function givenPostgres(url: string): PostgresPart {
  return { databaseUrl: url, urlOf: (database) => onDatabase(url, database) };
}

export function ownPostgres(urlOf: PostgresPart['urlOf']): PostgresPart {
  return { databaseUrl: urlOf(MAIN_DATABASE), urlOf };
}

/** Where an app finds its database: the main one may be somebody's own, the others stand beside it. */
export function databaseUrlOf({ databaseUrl, urlOf }: PostgresPart, name: string): string {
  return name === MAIN_DATABASE ? databaseUrl : urlOf(name);
}

/** Starts PostgreSQL, or looks at the given one. */
export function postgresPart(context: StackContext): Promise<PostgresPart> {
  const { plan, secrets, signal, report } = context;
  return startPart(context, POSTGRES, async () => {
    const external = plan.postgres.externalUrl;
    if (external) {
      await requireDatabase(external);
      return { running: givenPostgres(external), address: new URL(external).host, state: 'external' };
    }
    const postgres = await startPostgres({
      folder: plan.folder,
      port: plan.postgres.port,
      password: secrets.POSTGRES_PASSWORD,
      logFile: join(plan.folder, 'postgres.log'),
      settings: plan.postgres.settings,
      signal,
      onSpawn: recorder(context, POSTGRES, 'SIGINT'),
      onNote: (note) => report({ kind: 'working', part: POSTGRES, note }),
    });
    context.stops.push(() => postgres.stop());
    await postgres.createDatabase(MAIN_DATABASE);
    watch(context, POSTGRES, postgres.process());
    const running = ownPostgres((database) => postgres.url(database));
    return { running, address: `127.0.0.1:${postgres.port}` };
  });
}
