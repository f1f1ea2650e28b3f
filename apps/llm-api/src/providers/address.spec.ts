import { describe, expect, it } from '@jest/globals';
import { Secret } from '#config';
import { providerAddresses, splitModel } from './address.js';

const openai = 'openai=https://api.openai.com/v1';

describe('the addresses of providers', () => {
  it('are the first one, then those with a prefix, each with its own key', () => {
    const addresses = providerAddresses({
      url: 'http://127.0.0.1:1234/v1',
      key: new Secret('first'),
      urls: [openai, 'local=http://127.0.0.1:99/v1'],
      keys: new Secret('openai=a=b'),
    });
    expect(addresses.map(({ prefix, url, key }) => [prefix, url.href, key?.reveal()])).toEqual([
      [undefined, 'http://127.0.0.1:1234/v1', 'first'],
      ['openai', 'https://api.openai.com/v1', 'a=b'],
      ['local', 'http://127.0.0.1:99/v1', undefined],
    ]);
  });

  it('are none where nothing is set', () => expect(providerAddresses({ urls: [] })).toEqual([]));

  it.each([
    [{ urls: ['openai'] }, 'LLM_PROVIDERS: "openai" must be'],
    [{ urls: ['Open AI=https://x'] }, 'must be a prefix'],
    [{ urls: ['a=ftp://x'] }, 'must be a prefix'],
    [{ urls: [openai, openai] }, 'has a prefix twice'],
    [{ urls: [], key: new Secret('hush') }, 'LLM_PROVIDER_KEY: is of no use'],
    [{ urls: [openai], keys: new Secret('hush=hush') }, 'LLM_PROVIDER_KEYS: has an entry'],
  ])('%j is refused, and no key repeated', (settings, fault) => {
    expect(() => providerAddresses(settings)).toThrow(fault);
    expect(() => providerAddresses(settings)).not.toThrow('hush');
  });
});

describe('the name of a model', () => {
  it.each([
    ['openai/gpt-x', 'openai', 'gpt-x'],
    ['openai/org/gpt-x', 'openai', 'org/gpt-x'],
    ['qwen/qwen2.5', undefined, 'qwen/qwen2.5'],
    ['gpt-x', undefined, 'gpt-x'],
    ['/gpt-x', undefined, '/gpt-x'],
  ])('%s is that of %s, called %s there', (name, prefix, model) => {
    expect(splitModel(name, ['openai', ''])).toEqual({ prefix, model });
  });
});
