import { describe, expect, it } from '@jest/globals';
import { type ConditionHeaders, outcomeOf } from './conditions.js';

const THEN = 'Fri, 13 Feb 2009 23:31:30 GMT';
const BEFORE = 'Fri, 13 Feb 2009 23:31:29 GMT';
const content = { etag: '"a"', lastModified: new Date(Date.parse(THEN) + 500) };

describe('a conditional request', () => {
  it.each<[ConditionHeaders, string]>([
    [{}, 'serve-range'],
    [{ 'if-match': '"a"' }, 'serve-range'],
    [{ 'if-match': '"b", "a"' }, 'serve-range'],
    [{ 'if-match': '*' }, 'serve-range'],
    [{ 'if-match': 'W/"a"' }, 'failed'],
    [{ 'if-match': '' }, 'failed'],
    [{ 'if-unmodified-since': THEN }, 'serve-range'],
    [{ 'if-unmodified-since': BEFORE }, 'failed'],
    [{ 'if-unmodified-since': 'never' }, 'serve-range'],
    [{ 'if-match': '"a"', 'if-unmodified-since': BEFORE }, 'serve-range'],
    [{ 'if-none-match': 'W/"a"' }, 'not-modified'],
    [{ 'if-none-match': '"b"', 'if-modified-since': THEN }, 'serve-range'],
    [{ 'if-modified-since': THEN }, 'not-modified'],
    [{ 'if-modified-since': BEFORE }, 'serve-range'],
    [{ 'if-match': '"b"', 'if-none-match': '"a"' }, 'failed'],
    [{ 'if-range': '"a"' }, 'serve-range'],
    [{ 'if-range': 'W/"a"' }, 'serve-whole'],
    [{ 'if-range': THEN }, 'serve-range'],
    [{ 'if-range': BEFORE }, 'serve-whole'],
    [{ 'if-range': 'nonsense' }, 'serve-whole'],
  ])('%j → %s', (headers, outcome) => {
    expect(outcomeOf(headers, content)).toBe(outcome);
  });
});
