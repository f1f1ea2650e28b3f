// Writes what is generated from the code: the OpenAPI document, a page per problem type, and .env.example.
// `--check` writes nothing and fails when a committed file is not current. Needs a build: `npm run generate` does both.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = (path) => import(join(root, 'dist', path));
const check = process.argv.includes('--check');

const { declaredProblems } = await built('libs/problem/src/index.js');
const { environmentExample, parseSettings } = await built('libs/config/src/index.js');
const { createService, openApiOf, problemPage } = await built('libs/service/src/index.js');
const { createLogger } = await built('libs/telemetry/src/index.js');
const { SETTINGS } = await built('apps/auth-api/src/app.config.js');
const { authApi } = await built('apps/auth-api/src/app.service.js');

const example = environmentExample(SETTINGS);
/** Enough to build the service; nothing is connected to, and nothing listens. */
const settings = parseSettings(SETTINGS, {
  DATABASE_URL: 'postgres://localhost/none',
  KEYCLOAK_BACKEND_CLIENT_SECRET: 'x'.repeat(32),
  KEYCLOAK_GUEST_CLIENT_SECRET: 'x'.repeat(32),
  CREDENTIAL_KEY: 'A'.repeat(43),
  GATEWAY_IDENTITY_KEY: 'A'.repeat(43),
  GATEWAY_CALL_SECRET: 'x'.repeat(32),
});
const options = authApi(settings, createLogger({ service: 'generate', level: 'silent' }));
const document = openApiOf(await createService(options), options);

const files = new Map([
  [
    '.env.example',
    `# Settings of auth-api. Generated from app.config.ts by \`npm run generate\`.\n\n${example}`,
  ],
  ['docs/openapi/auth-api.json', `${JSON.stringify(document, null, 2)}\n`],
  ...declaredProblems().map((problem) => [`docs/problems/${problem.type}.md`, problemPage(problem)]),
]);

const present = ['docs/openapi', 'docs/problems'].flatMap((folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)))
    : [],
);
const dead = present.filter((path) => !files.has(path));
const stale = [...files].filter(
  ([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text,
);

if (check) {
  for (const path of dead) console.error(`${path}: nothing generates this any more`);
  for (const [path] of stale) console.error(`${path}: not current`);
  if (dead.length + stale.length > 0) console.error('run: npm run generate');
  else console.log(`${files.size} generated files are current`);
  process.exit(dead.length + stale.length > 0 ? 1 : 0);
}
for (const path of dead) rmSync(join(root, path));
for (const [path, text] of stale) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
console.log(`${files.size} files: ${stale.length} written, ${dead.length} removed`);
process.exit(0);
