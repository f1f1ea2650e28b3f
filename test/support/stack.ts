import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';

/** The real parts that the tests of a run share. Made by global-setup.ts. */
export interface TestStack {
  /** Where to reach Keycloak; another host name than in `issuer`, so that mixing them up shows. */
  readonly keycloakUrl: string;
  /** Of the Java process, for SIGSTOP and SIGCONT. Who stops it makes every other test wait. */
  readonly keycloakPid: number;
  readonly issuer: string;
  readonly realm: string;
  readonly backendClientSecret: string;
  readonly guestClientSecret: string;
  /** Of realm `master`. */
  readonly keycloakAdmin: { readonly username: string; readonly password: string };
  /** As superuser: it may create databases. */
  readonly postgresAdminUrl: string;
  postgresUrl(database: string): string;
}

/** @throws {Error} outside of a jest project with our global set-up */
export function testStack(): TestStack {
  const file = process.env['GATEHOUSE_TEST_STACK'];
  if (!file)
    throw new Error(
      'GATEHOUSE_TEST_STACK is not set: is test/support/global-setup.ts this project’s globalSetup?',
    );
  const stack = JSON.parse(readFileSync(file, 'utf8')) as Omit<TestStack, 'postgresUrl'>;
  return {
    ...stack,
    postgresUrl(database) {
      const url = new URL(stack.postgresAdminUrl);
      url.pathname = `/${encodeURIComponent(database)}`;
      return url.href;
    },
  };
}

/** A database of one's own, so that suites can run side by side. Never dropped: it goes with the stack. */
export async function createTestDatabase(purpose: string): Promise<string> {
  const stack = testStack();
  const name = `${purpose}_${randomUUID().slice(0, 8)}`;
  const client = new pg.Client({ connectionString: stack.postgresAdminUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
  return stack.postgresUrl(name);
}
