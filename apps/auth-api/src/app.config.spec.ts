import { describe, expect, it } from '@jest/globals';
import { parseSettings } from '#config';
import { SETTINGS } from './app.config.js';

/** Within it a user disabled in Keycloak is out: the wait for the next look, and one answer of Keycloak. */
const PROMISE_MS = 5000;

const faultsOf = (environment: Readonly<Record<string, string>>): readonly string[] => {
  try {
    parseSettings(SETTINGS, environment);
    return [];
  } catch (error) {
    return (error as { faults: readonly string[] }).faults;
  }
};

describe('the settings of auth-api', () => {
  it('take no interval that breaks the promise about disabled users', () => {
    const keycloakMs = parseSettings({ KEYCLOAK_TIMEOUT_MS: SETTINGS.KEYCLOAK_TIMEOUT_MS }, {});
    const longest = PROMISE_MS - keycloakMs.KEYCLOAK_TIMEOUT_MS;
    expect(faultsOf({ USER_EVENTS_INTERVAL_MS: String(longest) })).not.toContainEqual(
      expect.stringContaining('USER_EVENTS_INTERVAL_MS'),
    );
    expect(faultsOf({ USER_EVENTS_INTERVAL_MS: String(longest + 1) })).toContain(
      `USER_EVENTS_INTERVAL_MS: must be at most ${longest}`,
    );
  });
});
