import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const DOCUMENTS = 'docs/openapi';
const PROBLEM = 'application/problem+json';

/**
 * Problems that any operation can answer. They are tested over all operations at once (test/http/service), those of
 * outages in test/faults; `server/internal` cannot be provoked, else it would be a bug.
 */
const GENERAL =
  /^\/docs\/problems\/(request\/(?!too-many)|principal\/|storage\/|keycloak\/|server\/|api-keys\/refused)/;

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { content?: Record<string, { schema: { properties?: { type: { enum: string[] } } } }> }>
  >;
}

/** Those that every service has, such as its probes, are one operation, tested once. */
const operations = new Map(
  readdirSync(DOCUMENTS)
    .flatMap((file) => {
      const { paths } = JSON.parse(readFileSync(join(DOCUMENTS, file), 'utf8')) as {
        paths: Record<string, Record<string, Operation>>;
      };
      return Object.values(paths).flatMap((operations) => Object.values(operations));
    })
    .map((operation) => [operation.operationId, operation] as const),
);
const files = readdirSync('test/http', { recursive: true, encoding: 'utf8' }).map((path) =>
  join('test/http', path),
);

/** Statuses that are the operation's own: its successes, and problems beyond the general ones. */
function ownStatuses({ responses }: Operation): string[] {
  return Object.entries(responses)
    .filter(([, { content }]) => {
      const types = content?.[PROBLEM]?.schema.properties?.type.enum;
      return types === undefined || types.some((type) => !GENERAL.test(type));
    })
    .map(([status]) => status);
}

describe('test/http/<module>/<operation>.e2e-spec.ts', () => {
  it.each([...operations])(
    'tests every status that the document declares for %s',
    (operationId, operation) => {
      const name = operationId.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const file = files.find((path) => path.endsWith(`/${name}.e2e-spec.ts`));
      expect(file ?? `${name}.e2e-spec.ts is missing`).toBe(file);
      const tested = [...readFileSync(file as string, 'utf8').matchAll(/describe\('(\d{3})'/g)].map(
        ([, status]) => status,
      );
      expect(tested).toEqual(expect.arrayContaining(ownStatuses(operation)));
    },
  );
});
