import { describe, expect, it } from '@jest/globals';
import { changesOf } from './compare.js';
import { defaultsOf, type PluginSchema } from './plugin-defaults.js';
import type { Entity } from './state.js';

/** As Kong shows it: fields are a list, each an object with one name. */
const schema: PluginSchema = {
  fields: [
    { protocols: { type: 'set' } },
    {
      config: {
        type: 'record',
        fields: [
          { minute: { type: 'number' } },
          { anonymous: { type: 'string' } },
          { key_names: { type: 'array', default: ['apikey'] } },
          { provision_key: { type: 'string', auto: true } },
          { redis: { type: 'record', fields: [{ port: { type: 'integer', default: 6379 } }] } },
        ],
      },
    },
  ],
};
const plugins = new Map([['limits', defaultsOf(schema)]]);
const plugin = (config: object): Entity => ({ id: 'p', name: 'limits', config }) as Entity;
const changed = (wanted: object, there: object) =>
  changesOf('plugins', plugin(wanted), plugin(there), plugins).map(({ field }) => field);

describe('the configuration of a plugin', () => {
  it('is the same with what Kong fills in', () => {
    const there = {
      minute: 5,
      anonymous: null,
      key_names: ['apikey'],
      provision_key: 'made by Kong',
      redis: { port: 6379 },
    };
    expect(changed({ minute: 5 }, there)).toEqual([]);
    expect(changed({ minute: 5 }, { ...there, redis: null })).toEqual([]);
    expect(changed({ minute: 5, redis: { port: 6379 } }, there)).toEqual([]);
  });

  it.each([
    ['anonymous', { anonymous: 'somebody' }],
    ['key_names', { key_names: ['apikey', 'k'] }],
    ['redis.port', { redis: { port: 1 } }],
  ])('is another where somebody set what we say nothing about: %s', (field, drift) => {
    expect(changed({ minute: 5 }, { minute: 5, ...drift })).toEqual([`config.${field}`]);
  });

  it('is compared as far as we say something where the plugin’s schema is not known', () => {
    const [wanted, there] = [plugin({ minute: 5 }), plugin({ minute: 5, anonymous: 'somebody' })];
    expect(changesOf('plugins', wanted, there)).toEqual([]);
  });
});
