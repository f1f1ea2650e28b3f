import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { identify, isAlive, parseStat, stopProcess } from './process-identity.js';

const AFTER_NAME =
  'S 1 4242 4242 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 1000 20 18446744073709551615';

describe('parseStat', () => {
  it.each(['node', 'a b', 'a) S 1 (b', ''])('is not led astray by the name (%s)', (name) => {
    expect(parseStat(`4242 (${name}) ${AFTER_NAME}`)).toEqual({ state: 'S', startTicks: '987654' });
  });

  it('knows when it is not one', () => {
    expect(parseStat('')).toBeUndefined();
  });
});

describe('a process', () => {
  it('is itself', () => {
    const me = identify(process.pid);
    expect(me && isAlive(me)).toBe(true);
  });

  it('is not another that has its number', () => {
    expect(isAlive({ pid: process.pid, began: 'another time' })).toBe(false);
  });

  it('is not signalled when another has its number', async () => {
    await expect(
      stopProcess({ pid: process.pid, began: '?' }, [{ signal: 'SIGKILL', waitMs: 0 }]),
    ).resolves.toBe(true);
  });

  it('is stopped by the next step when the first does not help', async () => {
    const stubborn =
      "process.on('SIGTERM', () => {}); process.stdout.write('.'); setInterval(() => {}, 1000)";
    const child = spawn(process.execPath, ['-e', stubborn]);
    await once(child.stdout, 'data');
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('not started');
    const steps = [
      { signal: 'SIGTERM', waitMs: 200 },
      { signal: 'SIGKILL', waitMs: 5_000 },
    ] as const;
    await expect(stopProcess(identity, steps)).resolves.toBe(true);
    expect(isAlive(identity)).toBe(false);
  });
});
