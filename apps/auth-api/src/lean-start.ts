import { setFlagsFromString } from 'node:v8';

/**
 * What a start leaves behind is small, and much of it stays: while modules are loaded the youngest part of the heap does
 * not grow, which V8 would let it do to 32 MB, and the rest only by half before it is looked through. Imported before
 * anything else.
 */
// For good: undici's parser is WebAssembly, and to optimise it takes 9 MB more than leaving it as it was compiled first.
setFlagsFromString('--liftoff-only');
for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=50']) setFlagsFromString(flag);

/** Requests leave much behind that nobody needs: from here on V8 decides, as it does by itself. */
export function endLeanStart(): void {
  for (const flag of ['--semi-space-growth-factor=2', '--heap-growing-percent=0']) setFlagsFromString(flag);
}
