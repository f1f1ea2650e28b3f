import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { GATEWAY_PROBLEMS } from '../../apps/auth-api/src/kong-sync/gateway.problems.js';
import '../../libs/principal/src/principal.problems.js';
import { declaredProblems } from '#problem';

const PLUGINS = 'kong/plugins';
/** `name = "text"` of one failure in failures.lua, by its type. */
const failures = new Map(
  [...readFileSync(`${PLUGINS}/gatehouse/failures.lua`, 'utf8').matchAll(/_M\.\w+ = \{([^}]*)\}/g)].map(
    ([, body = '']) => {
      const fields = Object.fromEntries(
        [...body.matchAll(/^\s*(\w+) = "?([^"\n]*?)"?,$/gm)].map(([, name, value]) => [name, value]),
      );
      return [fields['type'] ?? '', fields] as const;
    },
  ),
);

describe('problems of the gateway', () => {
  it.each(GATEWAY_PROBLEMS.map(({ definition }) => definition))(
    '$type is worded as the plugins word it',
    (page) => {
      expect(failures.get(page.type)).toMatchObject({
        status: String(page.status),
        title: page.title,
        detail: page.detail,
      });
    },
  );

  it('have a page each, whichever plugin answers them', () => {
    const lua = readdirSync(PLUGINS, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.lua'));
    const types = lua.flatMap((file) =>
      [...readFileSync(`${PLUGINS}/${file}`, 'utf8').matchAll(/\btype = "([a-z-]+\/[a-z-]+)"/g)].map(
        ([, t]) => t,
      ),
    );
    expect(types.length).toBeGreaterThan(4);
    expect(declaredProblems().map(({ type }) => type)).toEqual(expect.arrayContaining(types));
  });
});
