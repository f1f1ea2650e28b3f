import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { luaSchema } from '../../kong/topology/lua-schema.js';

describe('schemas of our plugins, read from their Lua', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-lua-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const schemaOf = (fields: string) => {
    mkdirSync(join(folder, 'kong/plugins/p'), { recursive: true });
    writeFileSync(
      join(folder, 'kong/plugins/p/schema.lua'),
      `local typedefs = require "kong.db.schema.typedefs"
       local tools = require "kong.tools.string"
       return { name = "p", fields = { { consumer = typedefs.no_consumer },
         { config = { type = "record", fields = { ${fields} }, custom_validator = tools.check } } } }`,
    );
    return luaSchema(folder, 'p');
  };
  const accepts = (fields: string, value: unknown): boolean => {
    const schema = schemaOf(fields);
    if (typeof schema === 'string') throw new Error(schema);
    return schema.safeParse(value).success;
  };

  it.each<[string, unknown, boolean]>([
    ['{ a = { type = "string" } }', {}, true],
    ['{ a = { type = "string" } }', { b: 1 }, false],
    ['{ a = { type = "string", required = true } }', {}, false],
    ['{ a = { type = "string", required = true, default = "x" } }', {}, true],
    ['{ a = { type = "string", one_of = { "x", "y" } } }', { a: 'y' }, true],
    ['{ a = { type = "string", one_of = { "x", "y" } } }', { a: 'z' }, false],
    ['{ a = { type = "string" } }', { a: '' }, false],
    ['{ a = { type = "string", len_min = 32, referenceable = true } }', { a: '{vault://env/a}' }, true],
    ['{ a = { type = "array", len_min = 1, elements = { type = "string" } } }', { a: [] }, false],
    ['{ a = { type = "integer" } }', { a: 1.5 }, false],
    ['{ a = { type = "number", between = { 0, 2 } } }', { a: 3 }, false],
    ['{ a = { type = "array", elements = { type = "string" } } }', { a: ['x', 1] }, false],
    [
      '{ a = { type = "map", keys = { type = "string" }, values = { type = "string" } } }',
      { a: { x: 'y' } },
      true,
    ],
    ['{ a = { type = "record", fields = { { b = { type = "boolean" } } } } }', { a: { c: true } }, false],
    ['{ a = typedefs.url { required = true } }', {}, false],
    ['{ a = typedefs.url { required = true } }', { a: 'http://x' }, true],
  ])('%s with %j: %s', (fields, value, expected) => {
    expect(accepts(fields, value)).toBe(expected);
  });

  it('says why one can not be read', () => {
    expect(schemaOf('} oops')).toMatch(/^kong\/plugins\/p\/schema\.lua: /);
    expect(luaSchema(folder, 'gone')).toMatch(/^kong\/plugins\/gone\/schema\.lua: .*not found/);
  });
});
