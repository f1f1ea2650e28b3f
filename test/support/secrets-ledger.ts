import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const RESULTS = join(process.cwd(), 'test-results');

/** Notes secrets that were made for a test, so that the last step of the run looks for them in the logs (check-logs.mjs). */
export function rememberSecrets(secrets: Readonly<Record<string, string | undefined>>): void {
  mkdirSync(RESULTS, { recursive: true });
  appendFileSync(join(RESULTS, 'secrets.jsonl'), `${JSON.stringify(secrets)}\n`, { mode: 0o600 });
}
