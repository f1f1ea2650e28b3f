import { describe, expect, it } from '@jest/globals';
import { refusal } from './keycloak.problems.js';

/** Bodies as observed on Keycloak 26.7.3. */
describe('what Keycloak refuses', () => {
  it('names a taken username', () => {
    const { status, reason } = refusal('write-user', 409, { errorMessage: 'User exists with same username' });
    expect([status, reason]).toEqual([409, 'User exists with same username']);
  });

  it('names one bad field', () => {
    const body = { field: 'email', errorMessage: 'error-invalid-email', params: ['email', 'nope'] };
    expect(refusal('write-user', 400, body).fields).toEqual([
      { field: 'email', code: 'error-invalid-email' },
    ]);
  });

  it('names several bad fields', () => {
    const body = {
      errors: [
        { field: 'email', errorMessage: 'a' },
        { field: 'lastName', errorMessage: 'b' },
      ],
    };
    expect(refusal('write-user', 400, body).fields).toEqual([
      { field: 'email', code: 'a' },
      { field: 'lastName', code: 'b' },
    ]);
  });

  it('keeps what a password policy says', () => {
    const body = {
      error: 'invalidPasswordMinLengthMessage',
      error_description: 'Invalid password: minimum length 8.',
    };
    const { reason, description } = refusal('set-password', 400, body);
    expect([reason, description]).toEqual([
      'invalidPasswordMinLengthMessage',
      'Invalid password: minimum length 8.',
    ]);
  });

  it.each([undefined, null, '', '<html>', 7])('survives an answer that is %p', (body) => {
    expect(refusal('x', 400, body).reason).toBe('no reason given');
  });
});
