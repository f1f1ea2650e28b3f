import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '#config';
import { Seal, Unsealable } from './sealing.js';

const newKey = () => new Secret(randomBytes(32).toString('base64'));

describe('a sealed secret', () => {
  const [present, previous, id] = [newKey(), newKey(), randomUUID()];
  const seal = new Seal([present, previous]);

  it('is opened by the key that sealed it, also when that is the one before', () => {
    const sealed = new Seal([previous]).seal(new Secret('a key'), id);
    expect(seal.open(sealed, id).reveal()).toBe('a key');
    expect(sealed.includes('a key')).toBe(false);
  });

  it('is another text each time', () => {
    expect(seal.seal(new Secret('x'), id)).not.toEqual(seal.seal(new Secret('x'), id));
  });

  it.each([
    ['of another credential', (sealed: Buffer) => sealed, randomUUID()],
    [
      'with one bit changed',
      (sealed: Buffer) => Buffer.from(sealed.map((byte, at) => (at === 13 ? byte ^ 1 : byte))),
      id,
    ],
    ['cut short', (sealed: Buffer) => sealed.subarray(0, -1), id],
    ['of nothing', () => Buffer.alloc(0), id],
  ])('%s is not opened, and the error names the credential alone', (_what, change, of) => {
    const sealed = change(seal.seal(new Secret('a key'), id));
    expect(() => seal.open(sealed, of)).toThrow(Unsealable);
    expect(() => seal.open(sealed, of)).toThrow(of);
  });

  it('is not opened when its key is lost', () => {
    const sealed = seal.seal(new Secret('a key'), id);
    expect(() => new Seal([newKey()]).open(sealed, id)).toThrow(Unsealable);
  });
});
