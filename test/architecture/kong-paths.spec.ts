import { describe, expect, it } from '@jest/globals';
import {
  type Change,
  changed,
  type Entity,
  id,
  LIMIT,
  newPlugin,
  newRoute,
} from '../support/edited-topology.js';

describe('names and paths', () => {
  it.each<[string, readonly string[], Change]>([
    ['a path twice', ['path /media: is there twice'], (_, { route }) => route('mcp')['paths'].push('/media')],
    [
      'an id twice',
      ['id 00000000-0000-4000-8000-000000000009: is there twice'],
      ({ consumers }) => {
        consumers[0]!['id'] = id(9);
        consumers[1]!['id'] = id(9);
      },
    ],
    [
      'a consumer twice',
      ['consumer tier-key: is there twice'],
      ({ consumers }) => consumers.push({ ...consumers.at(-1)!, id: id(9) }),
    ],
    [
      'a plugin twice for the same',
      ['plugin rate-limiting of route register: is there twice'],
      (_, { route }) => route('register')['plugins'].push(newPlugin('rate-limiting', LIMIT)),
    ],
    [
      'the way to validate-api-key',
      [
        'route account of service auth-api: /auth/validate-api-key leads to /auth/validate-api-key of auth-api',
      ],
      (_, { route }) => removePath(route('closed'), '/auth/validate-api-key'),
    ],
    [
      'the other way to validate-api-key',
      [
        'route account of service auth-api: /llm/auth/validate-api-key leads to /llm/auth/validate-api-key of auth-api',
      ],
      (_, { route }) => removePath(route('closed'), '/llm/auth/validate-api-key'),
    ],
    [
      'the way to metrics behind a path that is stripped',
      ['route llm of service llm-api: /llm/metrics leads to /metrics of llm-api'],
      (_, { route }) => removePath(route('closed'), '/llm/metrics'),
    ],
    [
      'a stripped path that is no whole segment',
      [
        'route llm of service llm-api: /llmmetrics leads to /metrics of llm-api',
        'route llm of service llm-api: /llminternal leads to /internal of llm-api',
      ],
      (_, { route }) => (route('llm')['paths'] = ['/llm']),
    ],
    [
      'a path into the internal ones',
      ['route v1 of service llm-api: /internal/usage leads to /internal of llm-api'],
      (_, { route }) => route('v1')['paths'].push('/internal/usage'),
    ],
    ['a route for everything that is left', [], (_, { route }) => route('v1')['paths'].push('/')],
    [
      'validate-api-key by another service of the same address',
      [
        'route new of service other: /other/auth/validate-api-key leads to /auth/validate-api-key of other',
        'route new of service other: /other/internal leads to /internal of other',
        'route new of service other: /other/llm/auth/validate-api-key leads to /llm/auth/validate-api-key of other',
        'route new of service other: /other/metrics leads to /metrics of other',
        ...['guest', 'registered', 'key'].map(
          (tier) => `route new of service other: tier ${tier} has no limit`,
        ),
      ],
      (file, { service }) => {
        const routes = [newRoute({ paths: ['/other/'], strip_path: true })];
        file.services.push({ ...service('auth-api'), name: 'other', id: id(8), routes });
      },
    ],
  ])('judges %s', (_name, faults, change) => {
    expect([...changed(change)].sort()).toEqual([...faults].sort());
  });
});

function removePath(route: Entity, path: string): void {
  route['paths'] = route['paths'].filter((other) => other !== path);
}
