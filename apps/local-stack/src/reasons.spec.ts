import { describe, expect, it } from '@jest/globals';
import { databaseReason, onDatabase } from './database.js';
import { failureText, StackFailure } from './failure.js';
import { javaMajor, requireJava, requireMaven } from './java.js';
import { parseListeners } from './ports.js';
import { duration, table } from './status.js';

describe('javaMajor', () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['openjdk version "25" 2025-09-16', 25],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "21-ea" 2023-09-19', 21],
    ['command not found', undefined],
  ])('%s: %s', (output, major) => {
    expect(javaMajor(output)).toBe(major);
  });
});

describe('a missing program', () => {
  it('is named, with what to do', () => {
    const [java, maven] = [() => requireJava({ PATH: '/nowhere' }), () => requireMaven({ PATH: '/nowhere' })];
    expect(java).toThrow('Keycloak needs Java, and there is none on PATH');
    expect(() => requireJava({ JAVA_HOME: '/no/java' })).toThrow('none on JAVA_HOME (/no/java)');
    expect(maven).toThrow('no mvn on PATH');
  });
});

describe('databaseReason', () => {
  const url = 'postgresql://jan:s3cret@db.example:5433/gate%20house';

  it.each([
    ['ECONNREFUSED', 'nothing answers at db.example:5433'],
    ['28P01', 'db.example:5433 refuses user jan'],
    ['3D000', 'no database gate house at db.example:5433'],
    ['XX000', 'strange'],
  ])('%s: %s', (code, part) => {
    const { reason, advice } = databaseReason(url, code, new Error('strange'));
    expect(reason).toContain(part);
    expect(`${reason}${advice}`).not.toContain('s3cret');
  });

  it('changes only the database of an address', () => {
    expect(onDatabase(`${url}?sslmode=require`, 'keycloak')).toBe(
      'postgresql://jan:s3cret@db.example:5433/keycloak?sslmode=require',
    );
  });
});

describe('failureText', () => {
  it('keeps a named reason and recognises a full disk', () => {
    expect(failureText(new StackFailure({ reason: 'r', advice: 'a' }))).toEqual({ reason: 'r', advice: 'a' });
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(failureText(full)).toMatchObject({ reason: 'no space left on the disk (write)' });
  });
});

describe('parseListeners', () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31337 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 0`;

  it('finds who listens, not who is connected', () => {
    expect(parseListeners(text, 8080)).toEqual(['31337']);
    expect(parseListeners(text, 80)).toEqual(['12']);
    expect(parseListeners(text, 81)).toEqual([]);
  });
});

describe('status', () => {
  it.each([
    [42_999, '42 s'],
    [125_000, '2 min 5 s'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms is %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('lines up columns', () => {
    expect(
      table([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toEqual(['a    bb', 'ccc  d']);
  });
});
