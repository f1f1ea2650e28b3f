import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '#config';
import { Seal, Unsealable } from './sealing.js';

const newKey = () => new Secret(randomBytes(32).toString('base64'));
const secret = new Secret('what a client shows');

describe('a sealed secret', () => {
  const [key, another] = [newKey(), newKey()];
  const sealed = new Seal([key]).seal(secret, 'credential');

  it('is opened with the key that sealed it, and shows nothing of itself', () => {
    expect(new Seal([key]).open(sealed, 'credential').reveal()).toBe('what a client shows');
    expect(sealed.toString('latin1')).not.toContain('client');
  });

  it('is another text each time', () => {
    expect(new Seal([key]).seal(secret, 'credential')).not.toEqual(sealed);
  });

  it('is still opened when the key has become the previous one', () => {
    expect(new Seal([another, key]).open(sealed, 'credential').reveal()).toBe('what a client shows');
  });

  it('is sealed anew with the present key, after which the previous one is not needed, and only once', () => {
    const rotated = new Seal([another, key]);
    const renewed = rotated.renew(sealed, 'credential') as Buffer;
    expect(new Seal([another]).open(renewed, 'credential').reveal()).toBe('what a client shows');
    expect(rotated.renew(renewed, 'credential')).toBeUndefined();
    expect(() => new Seal([another]).renew(sealed, 'credential')).toThrow(Unsealable);
  });

  it.each([
    ['another key', () => new Seal([another]).open(sealed, 'credential')],
    ["another credential's id", () => new Seal([key]).open(sealed, 'another')],
    [
      'one bit changed',
      () =>
        new Seal([key]).open(
          Buffer.concat([sealed.subarray(0, -1), Buffer.of((sealed.at(-1) ?? 0) ^ 1)]),
          'credential',
        ),
    ],
    ['nothing at all', () => new Seal([key]).open(Buffer.alloc(0), 'credential')],
  ])('is not opened with %s, and the reason names no secret', (_, open) => {
    expect(open).toThrow(Unsealable);
    expect(open).toThrow(/CREDENTIAL_KEY/);
  });
});
