import { describe, expect, it } from '@jest/globals';
import { hintOf } from './token-claims.js';

const token = (claims: unknown): string =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

describe('a refresh token', () => {
  it('says which client it belongs to, and whose it is', () => {
    expect(hintOf(token({ azp: 'guest-issuer', sub: 'u-1', exp: 1 }))).toEqual({
      azp: 'guest-issuer',
      sub: 'u-1',
    });
  });

  it.each([
    ['no token', 'garbage'],
    ['two parts', 'a.b'],
    ['not base64url', 'a.b$.c'],
    ['not JSON', 'YQ.YQ.YQ'],
    ['null inside', token(null)],
    ['a number for a client', token({ azp: 7, sub: 'u' })],
    ['no subject', token({ azp: 'llm-api' })],
    ['too long', token({ azp: 'llm-api', sub: 'u'.repeat(9000) })],
  ])('that is %s says nothing', (_name, text) => {
    expect(hintOf(text)).toBeUndefined();
  });
});
