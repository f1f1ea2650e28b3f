import { describe, expect, it } from '@jest/globals';
import { parseRetryAfter, retryDelayMs } from './retry.js';

describe('waiting before Kong is asked again', () => {
  it('is longer each time, spread, and never long', () => {
    expect([1, 2, 3].map((attempt) => retryDelayMs(attempt, 1))).toEqual([200, 400, 800]);
    expect(retryDelayMs(3, 0)).toBe(0);
    expect(retryDelayMs(50, 1)).toBe(5000);
  });

  it('is not shorter than Kong asks for, within reason', () => {
    expect(retryDelayMs(1, 0.5, 2000)).toBe(2100);
    expect(retryDelayMs(1, 0, 3_600_000)).toBe(30_000);
  });

  it.each([
    ['7', 7000],
    ['Thu, 01 Jan 1970 00:00:09 GMT', 8000],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('Retry-After: %s', (value, expected) => {
    expect(parseRetryAfter(value, 1000)).toBe(expected);
  });
});
