import { describe, expect, it } from '@jest/globals';
import { Dao } from '../entities/dao.js';
import { kindNamed } from '../entities/kinds.js';
import type { Entity } from '../entities/value.js';
import { Router } from './router.js';

const routes = kindNamed('routes');

function routeFor(
  all: readonly Entity[],
  path: string,
  more: { host?: string; method?: string; headers?: Record<string, string> } = {},
) {
  const dao = new Dao(new Map());
  for (const route of all) dao.insert(routes, route);
  const { host = 'a', method = 'GET', headers = {} } = more;
  const headersNamed = (name: string) => (headers[name] === undefined ? [] : [headers[name]]);
  return new Router(dao).match({ host, port: 80, method, path, headersNamed });
}
const name = (match: ReturnType<typeof routeFor>) => match?.route['name'];

describe('the route that is taken', () => {
  it('has the longer path', () => {
    const all = [
      { name: 'short', paths: ['/a'] },
      { name: 'long', paths: ['/a/b'] },
    ];
    expect(name(routeFor(all, '/a/b/c'))).toBe('long');
    expect(name(routeFor(all, '/a/c'))).toBe('short');
  });

  it('says more about the request', () => {
    const all = [
      { name: 'path', paths: ['/a/long/path'] },
      { name: 'two', paths: ['/a'], methods: ['GET'] },
    ];
    expect(name(routeFor(all, '/a/long/path'))).toBe('two');
  });

  it('names the host rather than a wildcard', () => {
    const all = [
      { name: 'any', hosts: ['*.example.com'] },
      { name: 'one', hosts: ['a.example.com'] },
    ];
    expect(name(routeFor(all, '/', { host: 'a.example.com' }))).toBe('one');
    expect(name(routeFor(all, '/', { host: 'b.example.com' }))).toBe('any');
  });

  it('is a regular expression before a prefix, by its priority', () => {
    const all = [
      { name: 'prefix', paths: ['/user/17/keys'] },
      { name: 'low', paths: ['~/user/\\d+'], regex_priority: 1 },
      { name: 'high', paths: ['~/user/(?<id>\\d+)'], regex_priority: 2 },
    ];
    const match = routeFor(all, '/user/17/keys');
    expect([name(match), match?.prefix, match?.captures['id']]).toEqual(['high', '/user/17', '17']);
  });

  it('asks for a header, in any case, or by an expression', () => {
    const all = [
      { name: 'v2', paths: ['/'], headers: { 'X-Version': ['V2', '~*^v3'] } },
      { name: 'rest', paths: ['/'] },
    ];
    expect(name(routeFor(all, '/', { headers: { 'x-version': 'v2' } }))).toBe('v2');
    expect(name(routeFor(all, '/', { headers: { 'x-version': 'V3.1' } }))).toBe('v2');
    expect(name(routeFor(all, '/'))).toBe('rest');
  });
});
