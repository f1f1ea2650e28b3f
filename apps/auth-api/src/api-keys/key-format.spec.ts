import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyPattern, newKey, parseKey } from './key-format.js';

const PREFIX = 'sk_live_';

describe('an API key', () => {
  it('has its prefix, 32 random characters and a checksum', () => {
    const { key, prefix, suffix, hash } = newKey(PREFIX);
    expect(key).toMatch(/^sk_live_[0-9A-Za-z]{38}$/);
    expect(key).toMatch(new RegExp(keyPattern(PREFIX)));
    expect(key.startsWith(prefix)).toBe(true);
    expect(key.endsWith(suffix)).toBe(true);
    expect(prefix).toHaveLength(12);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is recognised by its hash', () => {
    const made = newKey(PREFIX);
    expect(parseKey(made.key, PREFIX)).toEqual({ kind: 'key', hash: made.hash });
  });

  it('has the checksum that other implementations compute (CRC-32 of ISO 3309, base62, most significant digit first)', () => {
    const body = `sk_live_${'0'.repeat(32)}`;
    expect(parseKey(`${body}2UYg5A`, PREFIX).kind).toBe('key');
  });

  it('with any one character changed is refused without looking it up', () => {
    const { key } = newKey(PREFIX);
    fc.assert(
      fc.property(
        fc.integer({ min: PREFIX.length, max: key.length - 1 }),
        fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'),
        (at, other) => {
          fc.pre(key[at] !== other);
          const changed = key.slice(0, at) + other + key.slice(at + 1);
          expect(parseKey(changed, PREFIX).kind).toBe('bad-checksum');
        },
      ),
    );
  });

  it.each([
    ['empty', ''],
    ['another prefix', newKey('sk_test_').key],
    ['too short', newKey(PREFIX).key.slice(0, -1)],
    ['too long', `${newKey(PREFIX).key}x`],
    ['a space inside', newKey(PREFIX).key.replace(/.$/, ' ')],
    ['a letter of another alphabet', newKey(PREFIX).key.replace(/.$/, 'é')],
    ['an underscore in the random part', newKey(PREFIX).key.replace(/.$/, '_')],
    ['a newline at the end', newKey(PREFIX).key.replace(/.$/, '\n')],
  ])('is malformed when it is %s', (_name, text) => {
    expect(parseKey(text, PREFIX)).toEqual({ kind: 'malformed' });
  });

  it('never repeats', () => {
    const made = new Set(Array.from({ length: 2000 }, () => newKey(PREFIX).key));
    expect(made.size).toBe(2000);
  });
});
