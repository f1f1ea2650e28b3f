import { describe, expect, it } from '@jest/globals';
import { ALL_SCOPES, DEFAULT_SCOPES, hasScope, SESSION_SCOPES } from './scopes.js';

describe('scopes', () => {
  it.each([
    [['llm'], 'llm', true],
    [['llm'], 'llm:read', true],
    [['llm:read'], 'llm:read', true],
    [['llm:read'], 'llm', false],
    [['media'], 'llm:read', false],
    [[], 'llm', false],
  ] as const)('%j allow %s: %s', (held, needed, allowed) => {
    expect(hasScope(held, needed)).toBe(allowed);
  });

  it('of a session allow everything, those of a new key all but managing keys', () => {
    expect(ALL_SCOPES.filter((scope) => !hasScope(SESSION_SCOPES, scope))).toEqual([]);
    expect(ALL_SCOPES.filter((scope) => !hasScope(DEFAULT_SCOPES, scope))).toEqual(['keys', 'keys:read']);
  });
});
