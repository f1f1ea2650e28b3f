// Checks the configuration and the rules of Prometheus with its own promtool, and runs the tests of the rules. promtool
// is the one on the path; else that of Debian's package `prometheus`, taken out of it into the cache: nothing is installed
// and no daemon started.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache = process.env.GATEHOUSE_CACHE ?? join(homedir(), '.cache/gatehouse');
const tests = readdirSync(join(here, 'tests')).map((name) => join('tests', name));

try {
  const promtool = findPromtool() ?? fetchPromtool();
  // Checks the rules that it names as well.
  execFileSync(promtool, ['check', 'config', 'prometheus.yml'], { cwd: here, stdio: 'inherit' });
  execFileSync(promtool, ['test', 'rules', ...tests], { cwd: here, stdio: 'inherit' });
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

function cached() {
  return join(cache, 'promtool');
}

function findPromtool() {
  return ['promtool', cached()].find((file) => spawnSync(file, ['--version']).status === 0);
}

/** @throws {Error} this is no Debian, or its archive does not answer */
function fetchPromtool() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-promtool-'));
  try {
    if (!download(folder)) {
      const isRoot = process.getuid() === 0;
      spawnSync(isRoot ? 'apt-get' : 'sudo', [...(isRoot ? [] : ['apt-get']), 'update', '-qq'], {
        stdio: 'inherit',
      });
      if (!download(folder)) throw new Error('promtool: not on the path, and not to be had from Debian');
    }
    const [archive] = readdirSync(folder);
    execFileSync('dpkg-deb', ['-x', archive, 'content'], { cwd: folder });
    mkdirSync(cache, { recursive: true });
    // Onto the same disk first, so that nobody else runs half a file.
    execFileSync('cp', [join(folder, 'content/usr/bin/promtool'), `${cached()}.${process.pid}`]);
    renameSync(`${cached()}.${process.pid}`, cached());
    return cached();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function download(folder) {
  spawnSync('apt-get', ['download', '-qq', 'prometheus'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'ignore'],
  });
  return readdirSync(folder).some((name) => name.endsWith('.deb') && existsSync(join(folder, name)));
}
