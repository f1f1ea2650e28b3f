// `npm run kong:generate` writes the committed files. With `-- --print db` or `dbless` it prints, writes nothing, and
// heeds the environment: KONG_JWT_PLUGIN, LIMITS_PROFILE, CORS_ORIGINS, addresses; see options.ts.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FILES, type Form, render } from './files.js';
import { topologyOptions } from './options.js';

const { values } = parseArgs({ options: { print: { type: 'string' } } });
if (values.print === undefined) {
  for (const [form, path] of Object.entries(FILES)) writeFileSync(path, render(form as Form));
} else if (values.print in FILES) {
  process.stdout.write(render(values.print as Form, topologyOptions(process.env)));
} else {
  process.stderr.write(`--print takes one of ${Object.keys(FILES).join(', ')}\n`);
  process.exitCode = 1;
}
