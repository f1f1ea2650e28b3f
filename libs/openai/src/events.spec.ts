import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventText, readEvents } from './events.js';

async function* inParts(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    yield await Promise.resolve(bytes.subarray(from, to));
    from = to;
  }
}

async function read(text: string, cuts: readonly number[] = []): Promise<string[]> {
  const events: string[] = [];
  for await (const data of readEvents(inParts(text, cuts))) events.push(data);
  return events;
}

describe('server-sent events', () => {
  it('come out as they went in, wherever the network cuts them', async () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (wanted, cuts) => {
        const text = wanted.map((data, index) => eventText(data, index % 2 ? 'named' : undefined)).join('');
        expect(await read(text, cuts)).toEqual(wanted);
      }),
    );
  });

  it('may end their lines in any of the three ways', async () => {
    const text = 'data: one\r\n\r\ndata: two\r\rdata: three\n\n';
    for (let cut = 0; cut <= text.length; cut += 1)
      expect(await read(text, [cut])).toEqual(['one', 'two', 'three']);
  });

  it('may have comments, ids, and data in several lines', async () => {
    const text = ': still there\n\nid: 5\ndata: a\ndata:b\nretry: 10\n\nevent: nothing\n\n';
    expect(await read(text)).toEqual(['a\nb']);
  });

  it('are none when the end cuts them off', async () => {
    expect(await read('data: whole\n\ndata: half')).toEqual(['whole']);
  });

  it('are refused when they are too long to keep', async () => {
    const long = `data: ${'x'.repeat(5 * 1024 * 1024)}`;
    const refusal = await read(long).catch((error: Error) => error.message);
    expect(refusal).toBe('a server-sent event is too long');
  });
});
