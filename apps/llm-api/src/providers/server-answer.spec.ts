import { describe, expect, it } from '@jest/globals';
import { errorOf, isModel, retryAfter } from './server-answer.js';

const said = (error: unknown) => JSON.stringify({ error });

describe('what a provider says of a request', () => {
  it('is passed on in its words', () => {
    const error = {
      message: 'Too many tokens',
      type: 'invalid_request_error',
      param: 'messages',
      code: 'long',
    };
    expect(errorOf(said(error), [])).toEqual(error);
  });

  it('loses our key and its address', () => {
    const text = said({ message: 'no hush at http://far:1/v1', code: 'hush' });
    expect(errorOf(text, ['hush', undefined, 'http://far:1/v1'])).toEqual({
      message: 'no [redacted] at [redacted]',
      type: 'invalid_request_error',
      param: null,
      code: '[redacted]',
    });
  });

  it.each(['', 'null', '<html>', '[]', '{}', said('no'), said({ message: 5 }), said(null)])(
    'is nothing when it is %j',
    (text) => expect(errorOf(text, [])).toBeUndefined(),
  );
});

it('how long to wait is a number of seconds, an hour at most', () => {
  expect(['7', '99999', 'Fri, 31 Dec 1999 23:59:59 GMT', '-1', undefined].map(retryAfter)).toEqual([
    7,
    3600,
    undefined,
    undefined,
    undefined,
  ]);
});

it('a model has a name', () => {
  expect([{ id: 'x' }, { id: '' }, {}, null, 'x'].map(isModel)).toEqual([true, false, false, false, false]);
});
