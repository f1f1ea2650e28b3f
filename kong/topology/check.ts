// `npm run kong:check` judges the committed files and says whether they are current; `-- FILE…` judges those instead.
import { existsSync, readFileSync } from 'node:fs';
import type { PublicPath } from './access.js';
import { faultsOf } from './faults.js';
import { FILES, type Form, render } from './files.js';

const open = JSON.parse(readFileSync('kong/public-routes.json', 'utf8')) as PublicPath[];
const given = process.argv.slice(2);
const paths = given.length > 0 ? given : Object.values(FILES);
const faults = paths.flatMap((path) => {
  if (!existsSync(path)) return [`${path}: is not there`];
  const found = faultsOf(readFileSync(path, 'utf8'), { open, root: process.cwd() });
  return found.map((fault) => `${path}: ${fault}`);
});
if (given.length === 0) {
  for (const [form, path] of Object.entries(FILES)) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== render(form as Form))
      faults.push(`${path}: not current; run npm run kong:generate`);
  }
}
for (const fault of faults) process.stdout.write(`${fault}\n`);
if (faults.length === 0) process.stdout.write(`${paths.join(', ')}: in order\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
