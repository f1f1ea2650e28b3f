import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild, turnLog, waitUntilReady } from './child.js';
import { answersOk } from './http-probe.js';
import { choosePort } from './ports.js';
import type { ProcessIdentity } from './process-identity.js';
import { withoutSecrets } from './secrets.js';

/** The one realm of Gatehouse. */
export const REALM = 'jan';

export interface KeycloakOptions {
  /** From `ensureDistribution`. */
  readonly distribution: string;
  /** Gets a home of this instance, its data and the log. */
  readonly folder: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** For /health and /metrics, loopback only. Default: a free one. */
  readonly managementPort?: number;
  /** `postgresql://…`, of an existing database. */
  readonly databaseUrl: string;
  readonly realmFile: string;
  /** Development users; left out in production. */
  readonly usersFile?: string;
  readonly backendClientSecret: string;
  readonly guestClientSecret: string;
  readonly admin: { readonly username: string; readonly password: string };
  /** From `requireJava`. */
  readonly java: string;
  readonly logFile?: string;
  readonly signal?: AbortSignal;
  readonly onSpawn?: (identity: ProcessIdentity, logFile: string) => void;
}

export interface RunningKeycloak {
  /** Of the Java process itself, so that a test can halt it. */
  readonly pid: number;
  readonly port: number;
  /** Where to reach it. On purpose not the issuer's host, so that mixing them up shows. */
  readonly url: string;
  /** `http://localhost:<port>/realms/jan`, whatever address it was asked at. */
  readonly issuer: string;
  readonly managementUrl: string;
  readonly process: Child;
  stop(): Promise<void>;
}

/**
 * Starts Keycloak with realm `jan` imported (on its first start with that database; later imports are skipped) and waits
 * until its health endpoint and the realm answer.
 *
 * Java is started directly and not by kc.sh, which stays between as a shell: the recorded pid is the server's.
 *
 * @throws {StackFailure} it ended while starting, or takes too long
 * @throws {Stopped} the signal came first
 */
export async function startKeycloak(options: KeycloakOptions): Promise<RunningKeycloak> {
  const signal = options.signal ?? new AbortController().signal;
  const home = prepareHome(options);
  const port = await choosePort(options.port);
  const managementPort = await choosePort(options.managementPort ?? 0);
  const [url, managementUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${managementPort}`];
  const child = await startChild({
    name: 'Keycloak',
    command: options.java,
    args: [
      ...javaOptions(home, options.distribution),
      ...serverOptions(port, managementPort, options.databaseUrl),
    ],
    cwd: home,
    env: environment(options),
    logFile: turnLog(options.logFile ?? join(options.folder, 'keycloak.log')),
    onSpawn: options.onSpawn,
  });
  const isReady = async () =>
    (await answersOk(`${managementUrl}/health/ready`)) &&
    (await answersOk(`${url}/realms/${REALM}/.well-known/openid-configuration`));
  try {
    await waitUntilReady('Keycloak', child, isReady, { signal, timeoutMs: 240_000 });
  } catch (error) {
    await child.stop();
    throw error;
  }
  const issuer = `http://localhost:${port}/realms/${REALM}`;
  return {
    pid: child.identity.pid,
    port,
    url,
    issuer,
    managementUrl,
    process: child,
    stop: () => child.stop(),
  };
}

/** A home per instance: own configuration and data, the shared program by link. */
function prepareHome({ folder, distribution, realmFile, usersFile }: KeycloakOptions): string {
  const home = join(folder, 'keycloak');
  const imports = join(home, 'data/import');
  for (const name of ['conf', 'lib', 'providers', 'themes', 'data/import', 'data/tmp']) {
    rmSync(join(home, name), { recursive: true, force: true });
  }
  mkdirSync(imports, { recursive: true, mode: 0o700 });
  cpSync(join(distribution, 'conf'), join(home, 'conf'), { recursive: true });
  for (const name of ['lib', 'providers', 'themes']) symlinkSync(join(distribution, name), join(home, name));
  // The names decide what the importer takes them for.
  copyFileSync(realmFile, join(imports, `${REALM}-realm.json`));
  if (usersFile && existsSync(usersFile)) copyFileSync(usersFile, join(imports, `${REALM}-users-0.json`));
  return home;
}

/** What kc.sh of 26.7 passes, with a heap for a development machine. */
function javaOptions(home: string, distribution: string): readonly string[] {
  return [
    '-Xms64m',
    '-Xmx384m',
    '-XX:MetaspaceSize=96M',
    '-XX:MaxMetaspaceSize=256m',
    '-XX:+UseG1GC',
    '-XX:+ExitOnOutOfMemoryError',
    '-Dfile.encoding=UTF-8',
    '-Djava.security.egd=file:/dev/urandom',
    '-Djdk.tls.rejectClientInitiatedRenegotiation=true',
    ...['java.util', 'java.util.concurrent', 'java.security', 'java.lang'].map(
      (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
    ),
    '--enable-native-access=ALL-UNNAMED',
    '-Duser.language=en',
    '-Duser.country=US',
    '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
    `-Dkc.home.dir=${home}`,
    `-Djboss.server.config.dir=${join(home, 'conf')}`,
    '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
    '-Dpicocli.disable.closures=true',
    '-Dquarkus-log-max-startup-records=10000',
    ...['-cp', join(distribution, 'lib/quarkus-run.jar')],
    'io.quarkus.bootstrap.runner.QuarkusEntryPoint',
  ];
}

function serverOptions(port: number, managementPort: number, databaseUrl: string): readonly string[] {
  const { host, pathname, search } = new URL(databaseUrl);
  return [
    'start',
    '--optimized',
    '--import-realm',
    '--http-enabled=true',
    '--http-host=127.0.0.1',
    `--http-port=${port}`,
    '--http-management-host=127.0.0.1',
    `--http-management-port=${managementPort}`,
    `--hostname=http://localhost:${port}`,
    `--db-url=jdbc:postgresql://${host}${pathname}${search}`,
    '--db-pool-max-size=30',
    '--cache=local',
    '--log-console-color=false',
  ];
}

/** Passwords go by the environment: arguments are for every user of the machine to read. */
function environment(options: KeycloakOptions): NodeJS.ProcessEnv {
  const { username, password } = new URL(options.databaseUrl);
  const kept = Object.entries(withoutSecrets(process.env)).filter(([name]) => !/^(KC_|JAVA_OPTS)/.test(name));
  return {
    ...Object.fromEntries(kept),
    KC_DB_USERNAME: decodeURIComponent(username),
    KC_DB_PASSWORD: decodeURIComponent(password),
    KC_BOOTSTRAP_ADMIN_USERNAME: options.admin.username,
    KC_BOOTSTRAP_ADMIN_PASSWORD: options.admin.password,
    KEYCLOAK_BACKEND_CLIENT_SECRET: options.backendClientSecret,
    KEYCLOAK_GUEST_CLIENT_SECRET: options.guestClientSecret,
  };
}
