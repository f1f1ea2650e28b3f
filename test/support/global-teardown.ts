import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Stops the stack that global-setup.ts started; one that was there before stays. */
export default function globalTeardown(
  _globalConfig: unknown,
  { rootDir }: { readonly rootDir: string },
): void {
  const file = process.env['GATEHOUSE_TEST_STACK_OURS'];
  if (!file) return;
  const main = join(rootDir, 'dist/apps/local-stack/src/main.js');
  spawnSync(process.execPath, [main, 'test-stack', '--stop', file], { stdio: ['ignore', 2, 2] });
  delete process.env['GATEHOUSE_TEST_STACK_OURS'];
}
