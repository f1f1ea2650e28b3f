import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StackFailure } from './failure.js';
import { completeSecrets, ensureSecrets, identityKey, SECRET_NAMES, withoutSecrets } from './secrets.js';

describe('secrets', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are made once and stay', () => {
    expect(ensureSecrets(folder, {}, false)).toEqual(ensureSecrets(folder, {}, false));
  });

  it('are long enough for what they are for', () => {
    const secrets = ensureSecrets(folder, {}, true);
    expect(Buffer.from(secrets.GATEWAY_SECRET, 'base64url')).toHaveLength(32);
    expect(Buffer.from(secrets.CREDENTIAL_KEY, 'base64')).toHaveLength(32);
    expect(secrets.KEYCLOAK_ADMIN_PASSWORD).toHaveLength(32);
    expect(new Set(Object.values(secrets)).size).toBe(SECRET_NAMES.length);
  });

  it('are readable by their owner only', () => {
    ensureSecrets(folder, {}, false);
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('from the environment win, are not stored, and hide what is stored only for that run', () => {
    const before = ensureSecrets(folder, {}, false);
    const env = { GATEWAY_SECRET: 'given', KEYCLOAK_ADMIN_PASSWORD: 'given too' };
    const during = ensureSecrets(folder, env, false);
    expect(during).toMatchObject(env);
    expect(readFileSync(join(folder, 'secrets.json'), 'utf8')).not.toContain('given');
    expect(ensureSecrets(folder, {}, false)).toEqual(before);
  });

  it('has the well-known admin password outside production only', () => {
    expect(completeSecrets({}, {}, false).secrets.KEYCLOAK_ADMIN_PASSWORD).toBe('admin');
    expect(completeSecrets({}, {}, true).secrets.KEYCLOAK_ADMIN_PASSWORD).not.toBe('admin');
  });

  it('does not replace a damaged file', () => {
    writeFileSync(join(folder, 'secrets.json'), '{"GATEWAY_SEC');
    expect(() => ensureSecrets(folder, {}, false)).toThrow(StackFailure);
  });
});

describe('identityKey', () => {
  it('is HMAC-SHA256 of identity:<service> under the text of the secret, as base64url', () => {
    const expected = createHmac('sha256', 'secret').update('identity:auth-api').digest('base64url');
    expect(identityKey('secret', 'auth-api')).toBe(expected);
    expect(identityKey('secret', 'llm-api')).not.toBe(expected);
  });
});

describe('withoutSecrets', () => {
  it('leaves everything else', () => {
    expect(withoutSecrets({ GATEWAY_SECRET: 'x', CREDENTIAL_KEY: 'y', PATH: '/bin' })).toEqual({
      PATH: '/bin',
    });
  });
});
