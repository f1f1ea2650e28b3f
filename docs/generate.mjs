// Writes what is generated from the code: the OpenAPI documents, a page per problem type, and .env.example.
// `--check` writes nothing and fails when a committed file is not current. Needs a build: `npm run generate` does both.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = (path) => import(join(root, 'dist', path));
const check = process.argv.includes('--check');

const { declaredProblems } = await built('libs/problem/src/index.js');
const { environmentExample, parseSettings, placeholders } = await built('libs/config/src/index.js');
const { createService, openApiOf, problemPage } = await built('libs/service/src/index.js');
const { createLogger } = await built('libs/telemetry/src/index.js');

/** Every app that describes itself as a service. */
const programs = await Promise.all(
  readdirSync(join(root, 'apps'))
    .filter((app) => existsSync(join(root, `apps/${app}/src/app.service.ts`)))
    .map(async (app) => (await built(`apps/${app}/src/app.service.js`)).PROGRAM),
);
const logger = createLogger({ service: 'generate', level: 'silent' });
const documents = [];
for (const { name, settings, service } of programs) {
  // Nothing is connected to, and nothing listens.
  const options = service(parseSettings(settings, placeholders(settings)), logger);
  const document = openApiOf(await createService(options), options);
  documents.push([`docs/openapi/${name}.json`, `${JSON.stringify(document, null, 2)}\n`]);
}
const { settings } = programs.find(({ name }) => name === 'auth-api');

const files = new Map([
  [
    '.env.example',
    `# Settings of auth-api. Generated from app.config.ts by \`npm run generate\`.\n\n${environmentExample(settings)}`,
  ],
  ...documents,
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
