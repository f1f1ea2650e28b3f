import { describe, expect, it } from '@jest/globals';
import { describeStatement } from './traced-statement.js';

describe('the span of a statement', () => {
  it.each([
    ['SELECT k.id FROM api_keys k WHERE k.hash = $1', 'SELECT api_keys', 'api_keys'],
    ['INSERT INTO "audit_events" ("id") VALUES ($1)', 'INSERT audit_events', 'audit_events'],
    ['\n  update only users set enabled = $1', 'UPDATE users', 'users'],
    ['WITH gone AS (DELETE FROM guests RETURNING id) SELECT 1', 'WITH guests', 'guests'],
    ['SELECT graphile_worker.add_job($1, $2::json)', 'SELECT', undefined],
    ['START TRANSACTION', 'START', undefined],
    ['', 'QUERY', undefined],
  ])('names operation and table alone: %s', (text, name, table) => {
    const described = describeStatement(text);
    expect(described[0]).toBe(name);
    expect(described[1]['db.collection.name']).toBe(table);
  });

  it('names a prepared statement, and holds neither text nor values', () => {
    const statement = {
      name: 'user-by-email',
      text: "SELECT id FROM users WHERE email = 'ann@example.com' AND secret = $1",
      values: ['hunter22'],
    };
    expect(describeStatement(statement)).toEqual([
      'SELECT users',
      {
        'db.system.name': 'postgresql',
        'db.operation.name': 'SELECT',
        'db.collection.name': 'users',
        'db.statement.name': 'user-by-email',
      },
    ]);
  });
});
