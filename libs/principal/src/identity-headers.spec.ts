import { describe, expect, it } from '@jest/globals';
import type { GatewayIdentity } from './gateway-identity.js';
import { agrees, identityHeadersOf } from './identity-headers.js';

const ANNE: GatewayIdentity = {
  sub: '7c1c6c4e-0000-4000-8000-000000000001',
  preferred_username: 'anne-ä',
  email: 'anne@example.org',
  email_verified: true,
  guest: false,
  roles: [],
  scope: '',
  amr: ['jwt'],
  cid: 'session-1',
  iat: 0,
  exp: 60,
};

describe('identity headers', () => {
  it.each([
    'x-user-id',
    'x_user_id',
    'x-user_id',
    'x_user-id',
    'x-user-anything',
    'x-consumer-id',
    'x_consumer_custom_id',
    'x-consumer-groups',
    'x-gateway-auth',
    'x_gateway_identity',
    'x-gateway_identity',
    'x-credential-identifier',
    'x_credential_identifier',
    'x-anonymous-consumer',
    'x-authenticated-groups',
    'x-authenticated-userid',
    'x-auth-method',
    'x_auth_method',
    'x-principal-id',
  ])('include %s', (name) => {
    expect(identityHeadersOf({ [name]: '1' })).toEqual([{ name: name.replaceAll('_', '-'), value: '1' }]);
  });

  it.each([
    'x-gateway-identity',
    'x-api-key',
    'x-request-id',
    'x-forwarded-for',
    'x-userid',
    'user-id',
    'authorization',
  ])('do not include %s', (name) => expect(identityHeadersOf({ [name]: '1' })).toEqual([]));

  it.each([
    ['x-user-id', ANNE.sub, true],
    ['x-user-subject', ANNE.sub, true],
    ['x-consumer-custom-id', ANNE.sub, true],
    ['x-user-id', 'someone else', false],
    ['x-user-id', `${ANNE.sub}, ${ANNE.sub}`, false],
    ['x-user-id', '', false],
    ['x-user-email', 'anne@example.org', true],
    ['x-user-email', 'Anne@example.org', false],
    ['x-user-username', 'anne-ä', true],
    ['x-user-username', Buffer.from('anne-ä').toString('latin1'), true],
    ['x-user-username', 'admin', false],
    ['x-auth-method', 'jwt', true],
    ['x-auth-method', 'apikey', false],
    ['x-credential-identifier', 'session-1', true],
    ['x-credential-identifier', 'session-2', false],
    ['x-gateway-auth', 'kong', true],
    ['x-gateway-auth', 'true', false],
    ['x-consumer-id', 'whatever', true],
    ['x-consumer-username', 'whatever', true],
    ['x-gateway-version', '1.2.3', true],
    ['x-anonymous-consumer', 'true', false],
    ['x-user-roles', 'admin', false],
    ['x-consumer-groups', 'admin', false],
    ['x-principal-id', ANNE.sub, false],
    ['x-gateway-identity', 'a.b.c', false],
  ])('%s: %s agrees with the proof: %s', (name, value, agreed) => {
    expect(agrees({ name, value }, ANNE)).toBe(agreed);
  });

  it('disagree when they name what the proof leaves out', () => {
    const nameless = { ...ANNE, email: undefined, cid: null };
    expect(agrees({ name: 'x-user-email', value: 'undefined' }, nameless)).toBe(false);
    expect(agrees({ name: 'x-credential-identifier', value: 'null' }, nameless)).toBe(false);
  });
});
