import { describe, expect, it } from '@jest/globals';
import { normalisePath } from './uri-path.js';

describe('a path is compared', () => {
  it.each([
    ['/a//b', '/a/b'],
    ['/a/./b/../c', '/a/c'],
    ['/../..', '/'],
    ['/a/..', '/'],
    ['/a/', '/a/'],
    ['/%41%2f%7e', '/A%2F~'],
    ['/', '/'],
  ])('%s as %s', (given, normal) => expect(normalisePath(given)).toBe(normal));
});
