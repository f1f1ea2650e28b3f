import { describe, expect, it } from '@jest/globals';
import { judgeType, TextCheck } from './sniffing.js';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const MP4 = Buffer.from('0000001c667479706d70343200000000', 'hex');
const M4A = Buffer.from('0000001c667479704d34412000000000', 'hex');
const EXE = Buffer.from('MZ\x90\0\x03\0\0\0', 'latin1');
const DOCTYPE_SVG = '<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE svg PUBLIC "a" "b">\n<svg xmlns="x"/>';
const judged = async (claimed: string | undefined, head: Buffer | string): Promise<unknown> => {
  try {
    return await judgeType(claimed, Buffer.from(head as string));
  } catch (problem) {
    const { type, extensions } = problem as { type: string; extensions: Record<string, unknown> };
    return [type.replace('media/', ''), extensions['claimed'], extensions['found']];
  }
};

describe('the type of an upload', () => {
  it.each([
    ['image/png', PNG, 'image/png'],
    ['IMAGE/PNG; x=y', PNG, 'image/png'],
    [undefined, PNG, 'image/png'],
    ['', PNG, 'image/png'],
    ['application/octet-stream', PNG, 'image/png'],
    ['video/mp4', MP4, 'video/mp4'],
    ['audio/mp4', M4A, 'audio/mp4'],
    ['audio/x-m4a', MP4, 'audio/mp4'],
    ['text/plain', 'hello', 'text/plain'],
    ['text/plain', 'BEGIN:VCARD\nVERSION:3.0\n', 'text/plain'],
    [undefined, 'hello', 'text/plain'],
    [undefined, '<svg/>', 'image/svg+xml'],
    ['image/svg+xml', DOCTYPE_SVG, 'image/svg+xml'],
    ['text/html', '\ufeff  <HTML lang="x">', 'text/html'],
    ['text/markdown', '<p align="center">', 'text/markdown'],
    ['application/json', '-1', 'application/json'],
  ])('%s with what it says', async (claimed, head, type) => {
    expect(await judged(claimed, head)).toBe(type);
  });

  it.each([
    ['image/jpeg', PNG, ['type-mismatch', 'image/jpeg', 'image/png']],
    ['image/png', EXE, ['type-mismatch', 'image/png', 'application/x-msdownload']],
    ['text/plain', DOCTYPE_SVG, ['type-mismatch', 'text/plain', 'image/svg+xml']],
    ['text/csv', '<script>alert(1)</script>', ['type-mismatch', 'text/csv', 'text/html']],
    ['image/svg+xml', '<?xml version="1.0"?><feed/>', ['type-mismatch', 'image/svg+xml', 'application/xml']],
    ['text/plain', 'a\u0007b', ['type-mismatch', 'text/plain', 'application/octet-stream']],
    ['application/json', 'nullify', ['type-mismatch', 'application/json', 'text/plain']],
    ['application/zip', PNG, ['type-not-allowed', undefined, 'application/zip']],
    [
      'text/plain; charset="iso-8859-1"',
      'x',
      ['type-not-allowed', undefined, 'text/plain; charset=iso-8859-1'],
    ],
    [undefined, EXE, ['type-not-allowed', undefined, 'application/x-msdownload']],
    [undefined, Buffer.from([1, 2, 3]), ['type-not-allowed', undefined, 'application/octet-stream']],
  ])('%s with something else is refused', async (claimed, head, refusal) => {
    expect(await judged(claimed, head)).toEqual(refusal);
  });
});

describe('a document whose root does not come', () => {
  // Were comments in a row parted in every way, this would take longer than anybody waits.
  it.each([
    ['<!doctype svg>' + '<!---->'.repeat(580), 'text/plain'],
    ['<!doctype svg>' + '<!---->\n'.repeat(480) + '<svg/>', 'image/svg+xml'],
    ['<!--'.repeat(1000), 'text/plain'],
    ['<?xml '.repeat(600), 'application/xml'],
    ['<!doctype svg['.repeat(280), 'text/plain'],
    [' '.repeat(4000), 'text/plain'],
  ])('is judged in one pass: %#', async (head, type) => {
    const claimed = type === 'application/xml' ? 'text/plain' : undefined;
    const refused = ['type-mismatch', 'text/plain', 'application/xml'];
    expect(await judged(claimed, head)).toEqual(claimed === undefined ? type : refused);
  });
});

describe('text in pieces', () => {
  it('may be cut in the middle of a character, but not end there', () => {
    const [first, second] = [Buffer.from([0x47, 0xc3]), Buffer.from([0xbc])];
    const whole = new TextCheck();
    expect([whole.isText(first), whole.isText(second), whole.isText(Buffer.alloc(0), true)]).toEqual([
      true,
      true,
      true,
    ]);
    const cut = new TextCheck();
    expect([cut.isText(first), cut.isText(Buffer.alloc(0), true)]).toEqual([true, false]);
  });
});
