import { describe, expect, it } from '@jest/globals';
import { BodyTooLarge, InternalError, NotFound, Problem, TooManyRequests, ValidationFailed } from '#problem';
import { openAiError } from './errors.js';

describe("a problem in OpenAI's form", () => {
  it('has the same message, and names the field at fault', () => {
    const problem = ValidationFailed({ errors: [{ field: 'messages.0.role', detail: 'must be given' }] });
    expect(openAiError(problem)).toEqual({
      message: 'messages.0.role: must be given',
      type: 'invalid_request_error',
      param: 'messages.0.role',
      code: 'invalid',
    });
  });

  it('has the reason as its code, where there is one', () => {
    const problem = new Problem('principal/unauthenticated', 401, 'No', 'Sign in.', {
      reason: 'bad-signature',
    });
    expect(openAiError(problem)).toMatchObject({ type: 'authentication_error', code: 'bad_signature' });
  });

  it.each([
    [NotFound(), 'invalid_request_error', 'not_found'],
    [BodyTooLarge(), 'invalid_request_error', 'too_large'],
    [TooManyRequests({ retryAfterSeconds: 1, what: 'Much.' }), 'rate_limit_error', 'too_many'],
    [new Problem('x/forbidden', 403, 'No', 'No.'), 'permission_error', 'forbidden'],
    [InternalError({ requestId: 'r' }), 'server_error', 'internal'],
  ])('says by its type whose fault it is: %s', (problem, type, code) => {
    expect(openAiError(problem)).toMatchObject({ type, code, param: null });
  });
});
