// The Lua checks and tests: luacheck, the busted specs, and one run on a real ngx_lua. Ends with the counts as JSON, which
// go into the file named by `--report` too. Needs the Debian packages named in kong/plugins/README.md.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const kong = dirname(here);
const total = { passed: 0, failed: 0, skipped: 0 };

function run(file, args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: kong,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return {
    ok: status === 0,
    stdout: stdout ?? '',
    stderr: error ? `${file}: ${error.message}\n` : (stderr ?? ''),
  };
}

function add(name, { passed, failed, skipped }) {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  console.log(`${failed > 0 ? '✗' : '✓'} ${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
}

function luacheck() {
  const { ok, stdout, stderr } = run('luacheck', ['--no-color', '-q', '.']);
  if (!ok) console.log(stdout + stderr);
  add('luacheck', { passed: Number(ok), failed: Number(!ok), skipped: 0 });
}

/** busted's JSON is its last line; what the code under test prints stands before it. */
function busted() {
  const { stdout, stderr } = run('busted', ['-o', 'json']);
  const start = stdout.lastIndexOf('\n{', stdout.length - 2) + 1;
  try {
    const { successes, failures, errors, pendings } = JSON.parse(stdout.slice(start));
    const broken = [...list(failures), ...list(errors)];
    for (const { name, message } of broken)
      console.log(`✗ ${name}\n  ${String(message).replaceAll('\n', '\n  ')}`);
    add('busted', { passed: list(successes).length, failed: broken.length, skipped: list(pendings).length });
  } catch {
    console.log(stdout.slice(-4000) + stderr);
    add('busted', { passed: 0, failed: 1, skipped: 0 });
  }
}

/** An empty Lua table is an object in JSON. */
function list(value) {
  return Array.isArray(value) ? value : [];
}

function integration() {
  const { ok, stdout, stderr } = run(process.execPath, [join(here, 'nginx/integration.mjs')]);
  const lines = stdout.trimEnd().split('\n');
  const last = lines.pop() ?? '';
  if (!ok || !last.startsWith('{')) console.log([...lines, stderr].join('\n'));
  add('on nginx', last.startsWith('{') ? JSON.parse(last) : { passed: 0, failed: 1, skipped: 0 });
}

luacheck();
busted();
integration();
const report = process.argv.indexOf('--report');
if (report > 0) writeFileSync(process.argv[report + 1], JSON.stringify(total));
console.log(JSON.stringify(total));
process.exitCode = total.failed > 0 ? 1 : 0;
