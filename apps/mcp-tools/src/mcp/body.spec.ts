import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { ClientGone } from '#service';
import { MAX_MESSAGE_BYTES, textOf } from './body.js';

describe('the text of a message', () => {
  it('is put together from all its pieces, also where one ends within a character', async () => {
    const pieces = [Buffer.from([0x7b, 0xc3]), Buffer.from([0xbc, 0x7d])];
    expect(await textOf(Readable.from(pieces))).toBe('{ü}');
    expect(await textOf(undefined)).toBe('');
  });

  it('is none when it is too long', async () => {
    expect(await textOf(Readable.from([Buffer.alloc(MAX_MESSAGE_BYTES + 1)]))).toBeUndefined();
  });

  it('that breaks off is no fault of ours: the client has gone', async () => {
    const body = new Readable({ read: () => undefined });
    body.push('{"jsonrpc"');
    const text = textOf(body).catch((error: unknown) => error);
    body.destroy(new Error('aborted'));
    expect(ClientGone.is(await text)).toBe(true);
  });
});
