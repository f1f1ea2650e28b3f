import { describe, expect, it } from '@jest/globals';
import { unstripped } from './stripped-path.js';

const ID = 'fe5df95a-20f2-84af-8099-e28571fcf2f7';

describe('a path below /apis/media/, which the gateway takes away', () => {
  it.each([
    ['/', '/media'],
    ['/?limit=1', '/media?limit=1'],
    [`/${ID}`, `/media/${ID}`],
    [`/${ID}?x=1`, `/media/${ID}?x=1`],
    [`/${ID}/metadata`, `/media/${ID}/metadata`],
    ['/media', '/media'],
    [`/media/${ID}`, `/media/${ID}`],
    ['/healthz', '/healthz'],
    ['/docs/', '/docs/'],
    [`/${ID}/metrics`, `/${ID}/metrics`],
    ['//media', '//media'],
  ])('%s is %s', (given, meant) => {
    expect(unstripped(given)).toBe(meant);
  });
});
