import { describe, expect, it } from '@jest/globals';
import { upstreamPath } from './upstream-path.js';

describe('the path at the upstream (path_handling v0)', () => {
  it.each([
    ['/', '/llm/x', '/llm', '/x'],
    ['/', '/llm', '/llm', '/'],
    ['/base', '/cut', '/cut', '/base'],
    ['/base', '/cut/', '/cut/', '/base/'],
    ['/base/', '/cut', '/cut', '/base'],
    ['/base/', '/cut/x', '/cut', '/base/x'],
    ['/base', '/cutx', '/cut', '/base/x'],
    ['/base', '/kept', undefined, '/base/kept'],
    ['/base/', '/kept', undefined, '/base/kept'],
    ['/base', '/', undefined, '/base'],
  ])('base %s, path %s, stripped %s: %s', (base, path, stripped, expected) =>
    expect(upstreamPath(base, path, stripped)).toBe(expected),
  );
});
