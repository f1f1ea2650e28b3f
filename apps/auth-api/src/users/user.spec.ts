import { describe, expect, it } from '@jest/globals';
import { isGuest, joinName, refusalOf, splitName } from './user.js';

describe('a person', () => {
  it.each([
    [{ enabled: true, deleted: false }, undefined],
    [{ enabled: false, deleted: false }, 'user-disabled'],
    [{ enabled: false, deleted: true }, 'user-deleted'],
    [{ enabled: true, deleted: true }, 'user-deleted'],
  ])('who is %o is refused as %s', (user, reason) => {
    expect(refusalOf(user)).toBe(reason);
  });

  it.each([
    [{ guest: ['true'] }, true],
    [{ guest: ['false'] }, false],
    [{ guest: ['false', 'true'] }, false],
    [{ guest: ['TRUE'] }, false],
    [{}, false],
  ])('with attributes %o is a guest: %s', (attributes, guest) => {
    expect(isGuest(attributes)).toBe(guest);
  });

  it.each([
    ['Ann Lee', 'Ann', 'Lee'],
    ['Ann Maria  Lee', 'Ann Maria', 'Lee'],
    [' Madonna ', 'Madonna', ''],
  ])('called "%s" has a first and a last name', (fullName, firstName, lastName) => {
    expect(splitName(fullName)).toEqual({ firstName, lastName });
  });

  it('has no name when both parts are missing', () => {
    expect(joinName(undefined, '')).toBeUndefined();
    expect(joinName('Ann', undefined)).toBe('Ann');
    expect(joinName('Ann', 'Lee')).toBe('Ann Lee');
  });
});
