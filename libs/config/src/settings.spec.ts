import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { environmentExample } from './example.js';
import { Secret } from './secret.js';
import { ConfigurationError, parseSettings, setting } from './settings.js';

const SETTINGS = {
  PORT: setting.integer('Port.', { min: 1, max: 65_535 }).default(8080),
  KONG_ADMIN_URL: setting.url('Where Kong is administered.'),
  SECRET: setting.secret('A secret.', { minLength: 8 }),
  KEY: setting.key('A key.').optional(),
  ORIGINS: setting.list('Origins.').default([]),
  MAIL: setting.flag('Mail.').default(false),
  MODE: setting.oneOf(['db', 'dbless'], 'How.').default('db'),
};
const GOOD = { KONG_ADMIN_URL: 'http://127.0.0.1:8001', SECRET: 'long enough' };

const faultsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    parseSettings(SETTINGS, environment);
    return [];
  } catch (error) {
    return (error as ConfigurationError).faults;
  }
};

describe('settings', () => {
  it('are parsed, defaulted and frozen', () => {
    const parsed = parseSettings(SETTINGS, {
      ...GOOD,
      PORT: '90',
      ORIGINS: 'https://a, https://b,',
      MAIL: 'true',
    });
    expect(parsed).toMatchObject({ PORT: 90, ORIGINS: ['https://a', 'https://b'], MAIL: true, MODE: 'db' });
    expect(Object.isFrozen(parsed)).toBe(true);
  });

  it('count as not set when empty', () => {
    expect(parseSettings(SETTINGS, { ...GOOD, PORT: '' }).PORT).toBe(8080);
    expect(faultsOf({ ...GOOD, SECRET: '' })).toEqual(['SECRET: must be set']);
  });

  it('report every fault at once, and never a value', () => {
    const faults = faultsOf({
      PORT: '70000',
      KONG_ADMIN_URL: 'ftp://x',
      SECRET: 'short',
      KEY: 'tiny',
      MODE: 'both',
    });
    expect(faults).toEqual([
      'PORT: must be at most 65535',
      'KONG_ADMIN_URL: must be a URL (http: or https://…)',
      'SECRET: must have at least 8 characters',
      'KEY: must be 32 bytes, written as base64 or base64url',
      'MODE: must be one of db, dbless',
    ]);
    expect(faults.join()).not.toContain('short');
  });

  it.each(['1.5', '1e3', ' 5', 'five', '0x10'])('take only whole numbers, not %s', (PORT) => {
    expect(faultsOf({ ...GOOD, PORT })).toEqual(['PORT: must be a whole number']);
  });

  it('are written as an example with what each is for', () => {
    const example = environmentExample(SETTINGS);
    expect(example).toContain('# Port.\n# PORT=8080\n');
    expect(example).toContain('# A secret.\n# Must be set.\nSECRET=\n');
    expect(example).toContain('# A key.\n# Optional.\n# KEY=\n');
  });
});

describe('a secret', () => {
  it('is never printed, whichever way one tries', () => {
    const secret = new Secret('hunter22');
    const printed = [String(secret), JSON.stringify({ secret }), inspect({ secret }, { showHidden: true })];
    for (const text of printed) expect(text).not.toContain('hunter22');
    expect(secret.reveal()).toBe('hunter22');
  });
});
