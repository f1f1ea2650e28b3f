import { describe, expect, it } from '@jest/globals';
import { credentialsOf } from './credentials.js';

const KEY = 'sk_live_abc';

function read(headers: Record<string, string>, rawHeaders: string[] = Object.entries(headers).flat()) {
  return credentialsOf({ headers, raw: { rawHeaders } });
}

describe('the credentials of a request', () => {
  it.each([
    ['nothing', {}, undefined, []],
    ['a token', { authorization: 'Bearer a.b.c' }, 'a.b.c', []],
    ['a token, scheme in lower case', { authorization: 'bearer a.b.c' }, 'a.b.c', []],
    ['a token after two spaces', { authorization: 'BEARER  a.b.c' }, 'a.b.c', []],
    ['a scheme alone', { authorization: 'Bearer' }, '', []],
    ['another scheme', { authorization: 'Basic YTpi' }, undefined, []],
    ['a scheme that begins like Bearer', { authorization: 'Bearerx a.b.c' }, undefined, []],
    ['a key as bearer', { authorization: `Bearer ${KEY}` }, undefined, [KEY]],
    ['a key of another prefix', { authorization: 'Bearer acme_test_abc' }, undefined, ['acme_test_abc']],
    ['a key in its header', { 'x-api-key': KEY }, undefined, [KEY]],
    ['an empty key', { 'x-api-key': '' }, undefined, []],
    ['one key twice', { 'x-api-key': KEY, authorization: `Bearer ${KEY}` }, undefined, [KEY]],
    ['two keys', { 'x-api-key': 'sk_other', authorization: `Bearer ${KEY}` }, undefined, ['sk_other', KEY]],
    ['token and key', { 'x-api-key': KEY, authorization: 'Bearer a.b.c' }, 'a.b.c', [KEY]],
  ] as const)('are read from %s', (_name, headers, token, apiKeys) => {
    expect(read(headers)).toEqual({ token, apiKeys, ambiguous: false });
  });

  it('are ambiguous with two Authorization headers, of which Node shows one', () => {
    const raw = ['Authorization', 'Bearer a', 'X-Note', 'authorization', 'AUTHORIZATION', 'Bearer b'];
    expect(read({ authorization: 'Bearer a' }, raw).ambiguous).toBe(true);
    expect(read({ authorization: 'Bearer a' }, raw.slice(0, 4)).ambiguous).toBe(false);
  });
});
