import { randomUUID } from 'node:crypto';
import { eventually } from './auth-api.js';
import type { TestApi } from './harness.js';
import { rememberSecrets } from './secrets-ledger.js';

export interface TestClient {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly key: string;
}

export function newEmail(): string {
  return `c-${randomUUID().slice(0, 13)}@example.com`;
}

/** A client that has registered, whether Kong has it or not. */
export async function newClient(api: Pick<TestApi, 'post'>, clientName = 'Test client'): Promise<TestClient> {
  const email = newEmail();
  const { status, body } = await api.post('/register', { body: { client_name: clientName, email } });
  if (status !== 201 && status !== 202) throw new Error(`register: ${status} ${JSON.stringify(body)}`);
  rememberSecrets({ [`key of client ${body.consumer_id}`]: body.apikey });
  return { id: body.consumer_id, username: body.username, email, key: body.apikey };
}

/** Stands for a Kong that has everything: says so, as kong-sync would, of what is not there yet, until the work is done. */
export async function withKongThatTakesAll<T>(api: TestApi, work: () => Promise<T>): Promise<T> {
  let done = false;
  const taking = eventually(
    async () => {
      await api.sql('DELETE FROM consumers WHERE removed_at IS NOT NULL');
      await api.sql('UPDATE consumers SET applied_revision = revision WHERE revision <> applied_revision');
      return done;
    },
    'the work is done',
    30_000,
  );
  try {
    return await work();
  } finally {
    done = true;
    await taking;
  }
}
