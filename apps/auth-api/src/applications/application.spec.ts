import { describe, expect, it } from '@jest/globals';
import { applicationIdFault, newApplicationIdFault, redirectUriFault } from './application.js';

describe('the id of an application', () => {
  it.each(['app', 'weather-app', 'a1b', 'a--b'])('can be %s', (id) => {
    expect(newApplicationIdFault(id)).toBeUndefined();
  });

  it.each([
    'ab',
    'a-',
    '-ab',
    '1ab',
    'Abc',
    'a_b',
    'a.b',
    'a$b',
    'a@b',
    'a/b',
    'a b',
    'ab\n',
    'é12',
    '',
    5,
    null,
  ])('can not be %j', (id) => {
    expect(applicationIdFault(id)).toEqual(expect.any(String));
  });

  it.each(['admin', 'root', 'system', 'guest-1', 'tier-key', 'kong-anon-jwt', 'keycloak-issuer', 'parked-1'])(
    '%s can be asked for but not taken',
    (id) => {
      expect(applicationIdFault(id)).toBeUndefined();
      expect(newApplicationIdFault(id)).toMatch(/reserved/);
    },
  );

  it.each(['administrator', 'guestbook', 'kongress'])('%s is not reserved', (id) => {
    expect(newApplicationIdFault(id)).toBeUndefined();
  });
});

describe('a redirection endpoint', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com/callback?a=b&c=%23',
    'http://localhost:3000/',
    'http://127.0.0.1/x',
    'https://[::1]:8443/x',
  ])('can be %s', (uri) => {
    expect(redirectUriFault(uri)).toBeUndefined();
  });

  it.each([
    ['https://app.example.com/#a', /fragment/],
    ['https://app.example.com#', /fragment/],
    ['https://a:b@app.example.com/', /password/],
    ['https://a@app.example.com/', /password/],
    ['app://callback', /absolute/],
    ['//app.example.com/', /absolute/],
    ['https:app.example.com', /absolute/],
    ['https:///x', /absolute/],
    ['https://äpp.example.com/', /absolute/],
    ['https://app.example.com/\n', /absolute/],
    ['https://app.example.com:99999/', /absolute/],
    [`https://app.example.com/${'a'.repeat(2000)}`, /2000/],
    [undefined, /text/],
  ])('can not be %.40j', (uri, fault) => {
    expect(redirectUriFault(uri)).toMatch(fault);
  });
});
