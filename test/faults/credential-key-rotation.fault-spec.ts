import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { call } from '../support/client.js';
import {
  CREDENTIAL_KEY,
  eventually,
  launchAuthApi,
  type RunningAuthApi,
  startAuthApi,
} from '../support/auth-api.js';
import { rememberSecrets } from '../support/secrets-ledger.js';

const NEW_KEY = randomBytes(32).toString('base64');
rememberSecrets({ NEW_CREDENTIAL_KEY: NEW_KEY });
const RESEALED = 'credentials are sealed with the current key';

/** Registers, and again with the same Idempotency-Key: the second answer can only say the key by opening it. */
async function register(
  { url }: RunningAuthApi,
  idempotencyKey: string,
): Promise<{ status: number; apikey: string }> {
  const { status, body } = await call(url, 'POST', '/register', {
    headers: { 'idempotency-key': idempotencyKey },
    body: { client_name: 'kept', email: `${idempotencyKey}@example.com` },
  });
  return { status, apikey: body.apikey };
}

describe('CREDENTIAL_KEY', () => {
  it('is rotated: what the old key encrypted is encrypted anew, and the old key is not needed any more', async () => {
    const clients = Array.from({ length: 3 }, () => randomBytes(8).toString('hex'));
    const before = await startAuthApi('credential-key-before');
    const databaseUrl = before.databaseUrl;
    const made = await Promise.all(clients.map((client) => register(before, client)));
    await before.stop();

    const both = await startAuthApi('credential-key-both', {
      DATABASE_URL: databaseUrl,
      CREDENTIAL_KEY: NEW_KEY,
      CREDENTIAL_KEY_PREVIOUS: CREDENTIAL_KEY,
    });
    await eventually(() => both.output().includes(RESEALED), 'the credentials are sealed anew');
    expect(both.output()).toContain('"renewed":3');
    await both.stop();

    const after = await startAuthApi('credential-key-after', {
      DATABASE_URL: databaseUrl,
      CREDENTIAL_KEY: NEW_KEY,
    });
    try {
      const again = await Promise.all(clients.map((client) => register(after, client)));
      expect(again.map(({ apikey }) => apikey)).toEqual(made.map(({ apikey }) => apikey));
      expect(after.output()).not.toContain(RESEALED);
    } finally {
      await after.stop();
    }
  });

  it('that opens nothing is named in the log with the credentials, and the service goes on', async () => {
    const client = randomBytes(8).toString('hex');
    const before = await startAuthApi('credential-key-lost');
    await register(before, client);
    await before.stop();
    const lost = await launchAuthApi('credential-key-lost-after', {
      DATABASE_URL: before.databaseUrl,
      CREDENTIAL_KEY: NEW_KEY,
      CREDENTIAL_KEY_PREVIOUS: randomBytes(32).toString('base64'),
    });
    try {
      await eventually(() => lost.output().includes(RESEALED), 'the pass has ended');
      expect(lost.output()).toContain('credentials that no key opens');
      await eventually(async () => (await call(lost.url, 'GET', '/readyz')).status === 200, 'it is ready');
    } finally {
      await lost.stop();
    }
  });
});
