import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/**
 * `npm ci` refuses a lock file in which an optional package of another platform is missing. An install whose registry
 * lacks one of those packages writes such a file and says nothing, so the first to notice would be the next clone.
 */
interface LockedPackage {
  version?: string;
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, LockedPackage>;
};

/** Where Node would find `name` from inside the package at `from`: each folder upwards. */
function isLocked(name: string, from: string): boolean {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (`${folder === '' ? '' : `${folder}/`}node_modules/${name}` in packages) return true;
    if (folder === '') return false;
  }
}

describe('the lock file', () => {
  it('holds every optional package, so that a fresh clone can be installed', () => {
    const missing = Object.entries(packages).flatMap(([from, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {})
        .filter((name) => !isLocked(name, from))
        .map((name) => `${name}, wanted by ${from}`),
    );
    expect(missing).toEqual([]);
  });

  it('gives every package a version and none an address of a registry', () => {
    const odd = Object.entries(packages).filter(
      ([, locked]) => locked.version === undefined || locked.resolved !== undefined,
    );
    expect(odd).toEqual([]);
  });
});
