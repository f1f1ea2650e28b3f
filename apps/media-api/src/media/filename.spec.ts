import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cleanFilename, disposition, filenameIn } from './filename.js';

describe('the name of a file', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['..', undefined],
    ['a/../', undefined],
    ['/etc/passwd', 'passwd'],
    ['C:\\fakepath\\a.png', 'a.png'],
    [' a.png ', 'a.png'],
  ])('%s is kept as %s', (name, kept) => {
    expect(cleanFilename(name, 'filename')).toBe(kept);
  });

  it.each([
    ['attachment', undefined],
    ['attachment; filename=a.png', 'a.png'],
    ['attachment; filename="a \\"b\\".png"', 'a "b".png'],
    [`attachment; filename="a.png"; filename*=UTF-8''%e2%82%ac.png`, '€.png'],
    [`attachment; filename*=UTF-8''%zz`, undefined],
    [`attachment; filename="${Buffer.from('ü.png').toString('latin1')}"`, 'ü.png'],
    ['attachment; filename="\xfc.png"', '\xfc.png'],
  ])('is read from %s', (header, name) => {
    expect(filenameIn(header)).toBe(name);
  });

  it('comes back from its own header, whatever it is, and cannot break out of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 150 }), (text) => {
        fc.pre(!/\p{Cs}/u.test(text));
        const header = disposition('attachment', text);
        expect(header).toMatch(/^[\x20-\x7e]*$/);
        if (text !== '') expect(filenameIn(header)).toBe(text);
      }),
    );
  });
});
