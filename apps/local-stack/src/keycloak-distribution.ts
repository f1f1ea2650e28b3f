import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  existsSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { runChild } from './child.js';
import { StackFailure } from './failure.js';
import { requireMaven } from './java.js';
import { withLock } from './lock.js';
import type { ProcessIdentity } from './process-identity.js';
import { withoutSecrets } from './secrets.js';

export const KEYCLOAK_VERSION = '26.7.3';

/** Options that are compiled in. Changing them needs another folder: raise the number in `folderName`. */
const BUILD_OPTIONS = ['--db=postgres', '--health-enabled=true', '--metrics-enabled=true'];
const folderName = `keycloak-${KEYCLOAK_VERSION}-build1`;
const artifact = `org.keycloak:keycloak-quarkus-dist:${KEYCLOAK_VERSION}:tar.gz`;
const tarName = `keycloak-quarkus-dist-${KEYCLOAK_VERSION}.tar.gz`;

/** Download twice (Maven keeps one), unpacked and built. */
const NEEDED_BYTES = 1_000_000_000;
const SMALLEST_TAR_BYTES = 100_000_000;

export interface DistributionOptions {
  /** Outside of every checkout, and shared by all of them. */
  readonly cache: string;
  readonly signal: AbortSignal;
  readonly onNote?: (note: string) => void;
  readonly onSpawn?: (identity: ProcessIdentity, logFile: string) => void;
}

/**
 * The unpacked and built Keycloak, fetched with Maven the first time. It gets its name when it is complete, so what is
 * found under it is whole; of two that need it at once one waits for the other.
 *
 * @throws {StackFailure} no Maven, no space, the download or the build failed
 */
export async function ensureDistribution(options: DistributionOptions): Promise<string> {
  const home = join(options.cache, folderName);
  if (existsSync(home)) return home;
  mkdirSync(options.cache, { recursive: true });
  const onWait = (pid: number) => options.onNote?.(`another make up (pid ${pid}) is preparing it`);
  const work = () => (existsSync(home) ? Promise.resolve() : prepare(home, options));
  await withLock(join(options.cache, 'keycloak.lock'), work, { signal: options.signal, onWait });
  return home;
}

async function prepare(home: string, options: DistributionOptions): Promise<void> {
  const { cache } = options;
  for (const left of readdirSync(cache).filter((name) => name.startsWith('unfinished-'))) {
    rmSync(join(cache, left), { recursive: true, force: true }); // of one that was killed: we hold the lock
  }
  requireMaven();
  requireSpace(cache);
  const folder = join(cache, `unfinished-${process.pid}`);
  mkdirSync(folder);
  try {
    await download(folder, options);
    options.onNote?.('unpacking');
    await run('tar', ['-xzf', join(folder, tarName), '-C', folder], folder, options);
    rmSync(join(folder, tarName));
    options.onNote?.('building (once)');
    const unpacked = join(folder, `keycloak-${KEYCLOAK_VERSION}`);
    await run(join(unpacked, 'bin/kc.sh'), ['build', ...BUILD_OPTIONS], folder, options);
    renameSync(unpacked, home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A broken copy that Maven kept would be handed out for ever: it is removed, and fetched once more. */
async function download(folder: string, options: DistributionOptions): Promise<void> {
  const stop = watchDownload(folder, options.onNote);
  try {
    for (const isLast of [false, true]) {
      await fetchArtifact(folder, options);
      const broken = await whatIsBroken(join(folder, tarName), folder, options);
      if (broken === undefined) return;
      rmSync(join(folder, tarName), { force: true });
      rmSync(mavenFolder(), { recursive: true, force: true });
      const advice = `remove ${mavenFolder()} and try again`;
      if (isLast) throw new StackFailure({ reason: `Keycloak arrived broken twice: ${broken}`, advice });
    }
  } finally {
    stop();
  }
}

async function fetchArtifact(folder: string, options: DistributionOptions): Promise<void> {
  const logFile = logOf(options);
  const args = ['-B', 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`];
  try {
    await run('mvn', args, folder, options);
  } catch (error) {
    if (!(error instanceof StackFailure)) throw error;
    const line = /^\[ERROR\] (.*)$/m.exec(readFileSync(logFile, 'utf8'))?.[1]?.slice(0, 300);
    const advice =
      'check the network, a proxy in ~/.m2/settings.xml and the disk, and try again; or set KEYCLOAK_URL';
    throw new StackFailure(
      { reason: `Keycloak could not be downloaded: ${line ?? error.message}`, advice, logFile },
      error,
    );
  }
}

async function whatIsBroken(
  tar: string,
  folder: string,
  options: DistributionOptions,
): Promise<string | undefined> {
  const size = statSync(tar, { throwIfNoEntry: false })?.size ?? 0;
  if (size < SMALLEST_TAR_BYTES) return `only ${megabytes(size)}`;
  try {
    await run('gzip', ['-t', tar], folder, options);
    return undefined;
  } catch (error) {
    if (!(error instanceof StackFailure)) throw error;
    return 'not a whole archive';
  }
}

/** Tells how much has arrived. Maven writes into its own repository under a temporary name, then copies. */
function watchDownload(folder: string, onNote: DistributionOptions['onNote']): () => void {
  const timer = setInterval(() => {
    const bytes = Math.max(largestFile(mavenFolder()), largestFile(folder));
    onNote?.(bytes > 0 ? `downloading ${KEYCLOAK_VERSION} with Maven, ${megabytes(bytes)}` : 'asking Maven');
  }, 250);
  return () => clearInterval(timer);
}

function largestFile(folder: string): number {
  if (!existsSync(folder)) return 0;
  const sizes = readdirSync(folder).map(
    (name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0,
  );
  return Math.max(0, ...sizes);
}

function requireSpace(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= NEEDED_BYTES) return;
  const reason = `only ${megabytes(bavail * bsize)} free at ${folder}, Keycloak needs ${megabytes(NEEDED_BYTES)} once`;
  throw new StackFailure({
    reason,
    advice: 'free some space, or set GATEHOUSE_CACHE to a folder on another disk',
  });
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  options: DistributionOptions,
): Promise<void> {
  const name = command.split('/').at(-1) ?? command;
  // Settings of another Keycloak on this machine must not get into our build.
  const env = Object.fromEntries(
    Object.entries(withoutSecrets(process.env)).filter(([key]) => !key.startsWith('KC_')),
  );
  return runChild(
    { name, command, args, cwd, env, logFile: logOf(options), onSpawn: options.onSpawn },
    options.signal,
  );
}

const logOf = (options: DistributionOptions) => join(options.cache, 'keycloak-download.log');
const mavenFolder = () =>
  join(homedir(), '.m2/repository/org/keycloak/keycloak-quarkus-dist', KEYCLOAK_VERSION);
const megabytes = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`;
