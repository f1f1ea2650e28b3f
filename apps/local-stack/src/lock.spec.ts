import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tryLock, unlock, withLock } from './lock.js';

describe('a lock', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is given once, and again after it was given up', () => {
    expect(tryLock(path)).toBeUndefined();
    expect(tryLock(path)?.pid).toBe(process.pid);
    unlock(path);
    expect(tryLock(path)).toBeUndefined();
  });

  it.each(['{"pid":1,"began":"before the last boot"}', '', '{"pi'])(
    'of the dead is taken over (%s)',
    (left) => {
      writeFileSync(path, left);
      expect(tryLock(path)).toBeUndefined();
      expect(readdirSync(folder)).toEqual(['lock']);
    },
  );

  it('is waited for', async () => {
    tryLock(path);
    const waits: number[] = [];
    const signal = new AbortController().signal;
    const onWait = (pid: number) => {
      waits.push(pid);
      unlock(path);
    };
    await expect(withLock(path, () => Promise.resolve('done'), { signal, onWait })).resolves.toBe('done');
    expect(waits).toEqual([process.pid]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
