import { describe, expect, it } from '@jest/globals';
import { parseMessage } from './json-rpc.js';
import { mayCall } from './origins.js';

describe('a message', () => {
  it.each([
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    '{"jsonrpc":"2.0","id":"a","method":"no/such","params":{}}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":1,"result":{}}',
    '{"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"x"}}',
  ])('%s is one', (text) => {
    expect(parseMessage(text)).toEqual({ message: JSON.parse(text) });
  });

  it.each([
    ['', -32_700, null],
    ['{"jsonrpc":"2.0"', -32_700, null],
    ['[]', -32_600, null],
    ['"ping"', -32_600, null],
    ['{"id":4,"method":"ping"}', -32_600, 4],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32_600, null],
    ['{"jsonrpc":"2.0","id":"a","method":5}', -32_600, 'a'],
  ])('%s is none', (text, code, id) => {
    expect(parseMessage(text)).toMatchObject({ fault: { jsonrpc: '2.0', id, error: { code } } });
  });
});

describe('a web page', () => {
  it.each([
    [undefined, true],
    ['https://app.example.com', true],
    ['HTTPS://APP.EXAMPLE.COM', true],
    ['https://app.example.com.evil.example', false],
    ['http://app.example.com', false],
    ['null', false],
  ])('of %s may call: %s', (origin, may) => {
    expect(mayCall(origin, ['https://app.example.com'])).toBe(may);
    expect(mayCall(origin, ['*'])).toBe(true);
  });
});
