import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { StackFailure } from './failure.js';

export const OLDEST_JAVA = 17;

/** The major version in what `java -version` prints: 17, 25, and 8 for the old `1.8.0`. */
export function javaMajor(output: string): number | undefined {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(output);
  if (!match) return undefined;
  return match[1] === '1' ? Number(match[2]) : Number(match[1]);
}

/**
 * The Java that Keycloak will run on: `$JAVA_HOME/bin/java`, else the one on the path.
 *
 * @throws {StackFailure} none, or an older one than 17
 */
export function requireJava(env: NodeJS.ProcessEnv = process.env): string {
  const java = env['JAVA_HOME'] ? join(env['JAVA_HOME'], 'bin/java') : 'java';
  const where = env['JAVA_HOME'] ? `JAVA_HOME (${env['JAVA_HOME']})` : 'PATH';
  const advice = `install Java ${OLDEST_JAVA} or newer (Debian: apt install openjdk-17-jre-headless), or set KEYCLOAK_URL`;
  const { error, stderr, stdout } = spawnSync(java, ['-version'], { encoding: 'utf8', env });
  if (error)
    throw new StackFailure({ reason: `Keycloak needs Java, and there is none on ${where}`, advice }, error);
  const major = javaMajor(`${stderr}${stdout}`);
  if (major === undefined || major < OLDEST_JAVA) {
    throw new StackFailure({
      reason: `Keycloak needs Java ${OLDEST_JAVA}, ${where} has ${major ?? 'another'}`,
      advice,
    });
  }
  return java;
}

/** @throws {StackFailure} there is no Maven */
export function requireMaven(env: NodeJS.ProcessEnv = process.env): void {
  const { error } = spawnSync('mvn', ['--version'], { env, stdio: 'ignore' });
  if (!error) return;
  const advice = 'install it (Debian: apt install maven), or set KEYCLOAK_URL';
  throw new StackFailure(
    { reason: 'Keycloak is fetched with Maven, and there is no mvn on PATH', advice },
    error,
  );
}
