import { connect } from 'node:net';
import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { GATEWAY_CALL_SECRET } from '../../support/auth-api.js';
import type { Answer, Call } from '../../support/client.js';
import { bodySchema, type Endpoint, endpoints } from '../../support/contract.js';
import { useAuthApi } from '../../support/harness.js';

const MEGABYTE = 1024 * 1024;

/** Values that are of no type that a field has, by the type that it has. */
const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  string: [null, 5, true, [], {}, ['text'], { toString: 'text' }],
  boolean: [null, 'true', 1, [], {}],
  integer: [null, '5', 1.5, true, [], {}, -1, 1e300, -1e300, 2 ** 53],
  array: [null, 'llm', 5, {}, [null], [{}], [[]], ['nope'], Array.from({ length: 100 }, () => 'llm')],
};
/** Text that no field takes. */
const HARMFUL = [
  'a\u0000bcdefgh',
  '\u0000',
  'line\nbreak',
  'esc\u001b[31mred',
  'del\u007fete',
  'half \ud800 pair',
  '\udc00 half pair',
];

const withBody = endpoints().filter((endpoint) => bodySchema(endpoint) !== undefined);
const withQuery = endpoints().filter(({ parameters = [] }) => parameters.some((one) => one.in === 'query'));
const withId = endpoints().filter(({ path }) => path.includes('{id}'));
const name = ({ method, path }: Endpoint) => `${method} ${path}`;
const named = (list: readonly Endpoint[]) => list.map((endpoint) => [name(endpoint), endpoint] as const);

describe('bad input', () => {
  const api = useAuthApi('bad-input');
  let member: string;
  let admin: string;
  let guest: string;
  let keyId: string;

  beforeAll(async () => {
    const person = await api.anyone();
    member = person.accessToken;
    keyId = (await api.key(person)).id;
    admin = (await api.anyAdmin()).accessToken;
    guest = (await api.guest()).accessToken;
  });

  /** A call that would succeed but for what the test puts in: right caller, right id. */
  const send = (
    endpoint: Endpoint,
    { body, headers = {}, query = '', id = keyId }: Call & { query?: string; id?: string },
  ) =>
    api.call(endpoint.method, endpoint.path.replace('{id}', id) + query, {
      token: tokenFor(endpoint),
      body,
      headers,
    });

  const tokenFor = ({ operationId, path }: Endpoint): string | undefined => {
    if (/^\/(admin|consumers|kong)(\/|$)/.test(path)) return admin;
    if (operationId === 'validateApiKey') return GATEWAY_CALL_SECRET;
    if (operationId === 'upgrade') return guest;
    return path.startsWith('/auth/api-keys') || operationId === 'setPassword' ? member : undefined;
  };

  /** Good values for all fields, so that only the one under test is at fault. */
  const goodBody = (endpoint: Endpoint): Record<string, unknown> => {
    const username = `b-${randomUUID().slice(0, 13)}`;
    const good: Record<string, Record<string, unknown>> = {
      upgrade: { username, email: `${username}@example.com` },
      login: { username: 'nobody', password: 'a wrong one' },
      setPassword: { new_password: 'long enough, but', current_password: 'this is wrong' },
      createApiKey: { name: 'x', expires_in_days: 0 },
      renameApiKey: { name: '' },
      rotateApiKey: { overlap_seconds: -1 },
      validateApiKey: { api_key: 'x' },
      register: { client_name: 'x', email: `${username}@example.com` },
      refreshToken: { refresh_token: 'x' },
      logout: {},
    };
    return good[endpoint.operationId] ?? {};
  };

  const expectRefusal = (answer: Answer, status: number, field?: string): void => {
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body: { status } });
    if (field === undefined) return;
    const fields = (answer.body.errors ?? []).map((fault: { field: string }) => fault.field);
    expect(fields.some((one: string) => one === field || one.startsWith(`${field}.`))).toBe(true);
    expect(fields).toEqual([...new Set(fields)]);
  };

  describe.each(named(withBody))('%s', (_name, endpoint) => {
    const fields = Object.entries(bodySchema(endpoint)?.properties ?? {});
    const raw = (body: string, contentType = 'application/json') =>
      send(endpoint, { body, headers: { 'content-type': contentType } });

    for (const [field, { type, maxLength }] of fields) {
      const refuses = async (value: unknown) =>
        expectRefusal(await send(endpoint, { body: { ...goodBody(endpoint), [field]: value } }), 400, field);

      for (const value of WRONG[String(type)] ?? [])
        it(`field ${field} with the value ${JSON.stringify(value).slice(0, 40)}`, () => refuses(value));

      for (const text of type === 'string' ? HARMFUL : [])
        it(`field ${field} with the text ${JSON.stringify(text)}`, () => refuses(text));

      if (typeof maxLength === 'number')
        it(`field ${field} of ${maxLength + 1} characters, one more than it may have`, async () => {
          const length = maxLength + 1;
          for (const [character, times] of [
            ['a', length],
            ['a\ufe0f', Math.ceil(length / 2)],
            ['\u{1f600}', length],
          ] as const)
            await refuses(character.repeat(times));
        });
    }

    it.each([
      'surprise',
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      'prototype',
      '',
      '$where',
      'a.b',
    ])('an unknown field "%s"', async (field) => {
      const known = JSON.stringify(goodBody(endpoint)).slice(1, -1);
      const body = `{${known}${known === '' ? '' : ','}${JSON.stringify(field)}:{"x":1}}`;
      expectRefusal(await raw(body), 400, field);
    });

    it('a field given twice', async () => {
      const [field = 'x'] = Object.keys(bodySchema(endpoint)?.properties ?? {});
      expectRefusal(await raw(`{"${field}":"one","${field}":"two"}`), 400, field);
      expectRefusal(
        await raw(
          `{"${field}":"one","\\u${field.charCodeAt(0).toString(16).padStart(4, '0')}${field.slice(1)}":"two"}`,
        ),
        400,
        field,
      );
    });

    it.each([
      'null',
      '[]',
      '"text"',
      '5',
      'true',
      '[{}]',
      '{',
      '{"a"}',
      "{'a':1}",
      '{"a":1}}',
      'NaN',
      '\ufeff{}',
      '{"a":\u0001}',
      '\u0000',
    ])('the body %j', async (body) => {
      const answer = await raw(body);
      expectRefusal(answer, 400);
      expect(answer.body.type).toBe('/docs/problems/request/malformed');
    });

    it('a body of bytes that are no UTF-8, and one nested ten thousand deep', async () => {
      expectRefusal(await raw('{"\ud800":'), 400);
      expectRefusal(await raw('['.repeat(10_000)), 400);
      expectRefusal(await raw(`{"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}}`), 400, 'deep');
    });

    it('a body of 1 MB', async () => {
      expectRefusal(await raw(JSON.stringify({ name: 'a'.repeat(MEGABYTE) })), 413);
    });

    it.each([
      ['application/x-www-form-urlencoded', 'name=x&username=y'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--x--',
      ],
      ['text/plain', '{"name":"x"}'],
      ['text/json', '{"name":"x"}'],
      ['application/xml', '<name>x</name>'],
      ['application/jsonx', '{"name":"x"}'],
      ['nonsense', '{"name":"x"}'],
    ])('a body sent as %s', async (contentType, body) => {
      expectRefusal(await raw(body, contentType), 415);
    });
  });

  describe.each(
    named(endpoints().filter((endpoint) => endpoint.method !== 'GET' && !withBody.includes(endpoint))),
  )('%s', (_name, endpoint) => {
    it('takes no body of 1 MB and no form', async () => {
      const headers = { 'content-type': 'application/json' };
      const id = randomUUID();
      expectRefusal(
        await send(endpoint, { id, body: JSON.stringify({ a: 'a'.repeat(MEGABYTE) }), headers }),
        413,
      );
      expectRefusal(
        await send(endpoint, {
          id,
          body: 'a=b',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
        415,
      );
    });
  });

  describe.each(named(withId))('%s', (_name, endpoint) => {
    it.each([
      'nope',
      '1',
      '-1',
      "' OR 1=1 --",
      '00000000-0000-0000-0000-00000000000g',
      '{00000000-0000-4000-8000-000000000000}',
      '\u0000',
      '../..',
      'x'.repeat(10_000),
      '\u{1f600}',
    ])('the id %.40j', async (id) => {
      const body = endpoint.operationId === 'renameApiKey' ? { name: 'x' } : undefined;
      expectRefusal(await send(endpoint, { id: encodeURIComponent(id), body }), 400, 'id');
    });

    it.each(['%zz', '%', '%c0%80', '%ff', '%u0041'])('an id with the broken escape %s', async (id) => {
      expectRefusal(await send(endpoint, { id }), 400);
    });
  });

  describe.each(named(withQuery))('%s', (_name, endpoint) => {
    const parameters = (endpoint.parameters ?? []).filter((one) => one.in === 'query').map((one) => one.name);

    it.each(
      parameters.flatMap((parameter) =>
        ['%00', '%zz', '%ff', 'a%0ab', '[]', '%F0%9F%98%80', 'x'.repeat(5000)].map(
          (value) => [parameter, value] as const,
        ),
      ),
    )('the parameter %s with the value %.20s', async (parameter, value) => {
      expectRefusal(await send(endpoint, { query: `?${parameter}=${value}` }), 400, parameter);
    });

    it.each(parameters.flatMap((parameter) => [`${parameter}[]=5`, `${parameter}[a]=5`, `surprise=1`]))(
      'the unknown parameter %s',
      async (query) => {
        expectRefusal(await send(endpoint, { query: `?${query}` }), 400, query.split('=')[0]);
      },
    );
  });

  describe('what is no request at all', () => {
    it('an address of 20 kB', async () => {
      expectRefusal(await api.get(`/auth/me?${'x'.repeat(20_000)}`), 431);
    });

    it('headers of 20 kB', async () => {
      expectRefusal(await api.get('/auth/me', { headers: { 'x-much': 'x'.repeat(20_000) } }), 431);
    });

    it.each([
      ['no HTTP', 'HELLO\r\n\r\n'],
      ['a bad method', 'GE T / HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['a bad header', 'GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n'],
      [
        'two lengths',
        'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}',
      ],
      [
        'a length and chunks',
        'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ],
      ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ])('%s', async (_name, text) => {
      const answer = await speak(Number(new URL(api.url).port), text);
      expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
    });
  });
});

/** Says something to a port and hears the answer to its end. */
function speak(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk) => {
      heard += chunk.toString();
      if (heard.includes('\r\n\r\n')) socket.end();
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
  });
}
