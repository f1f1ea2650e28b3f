import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, parseSettings, placeholders } from '#config';
import { principalOptions, serviceSettings } from './settings.js';

const SETTINGS = serviceSettings({ port: 8081, internalPort: 9081 });
const configured = (environment: Readonly<Record<string, string>> = {}) =>
  parseSettings(SETTINGS, { ...placeholders(SETTINGS), ...environment });

describe('the settings of a service', () => {
  it('enforce unless they say otherwise', () => {
    expect(principalOptions('llm-api', configured())).toMatchObject({ service: 'llm-api', mode: 'enforce' });
    expect(principalOptions('llm-api', configured({ AUTH_MODE: 'log' })).mode).toBe('log');
  });

  it('never let anybody through in production', () => {
    const config = configured({ AUTH_MODE: 'log', NODE_ENV: 'production' });
    expect(() => principalOptions('llm-api', config)).toThrow(ConfigurationError);
    expect(() => principalOptions('llm-api', config)).toThrow(/AUTH_MODE: must be enforce/);
  });

  it('have the previous identity key only while there is one', () => {
    const previous = 'B'.repeat(43);
    expect(principalOptions('llm-api', configured()).identityKeys).toHaveLength(1);
    const rotated = principalOptions('llm-api', configured({ GATEWAY_IDENTITY_KEY_PREVIOUS: previous }));
    expect(rotated.identityKeys.map((key) => key.reveal())).toEqual([expect.any(String), previous]);
  });

  it('listen on the ports of the service', () => {
    expect(configured()).toMatchObject({ PORT: 8081, INTERNAL_PORT: 9081, HOST: '127.0.0.1' });
  });
});
