import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsUUID, Matches, Max, Min } from 'class-validator';
import { Problem } from '#problem';
import { IsEmailAddress, IsText, Optional, Trimmed } from './fields.js';
import { inputPipe } from './validation.js';

class ExampleDto {
  @Trimmed()
  @IsText({ min: 3, max: 5 })
  @Matches(/^[a-z]*$/, { message: 'must have only small letters' })
  name!: string;

  @Optional()
  @IsEmailAddress()
  email?: string;

  @Optional()
  @IsInt()
  @Min(1)
  @Max(9)
  count?: number;

  @Optional()
  @IsBoolean()
  flag?: boolean;

  @Optional()
  @IsUUID()
  id?: string;

  @Optional()
  @IsArray()
  @ArrayUnique()
  @IsIn(['a', 'b'], { each: true, message: 'each must be a or b' })
  list?: string[];
}

const faults = async (input: Record<string, unknown>): Promise<unknown> => {
  try {
    return await inputPipe().transform({ name: 'anne', ...input }, { type: 'body', metatype: ExampleDto });
  } catch (error) {
    return (error as Problem).extensions['errors'];
  }
};

describe('a field', () => {
  it.each([
    [{ name: undefined }, 'name', 'must be given'],
    [{ name: null }, 'name', 'must be text'],
    [{ name: 5 }, 'name', 'must be text'],
    [{ name: 'AB' }, 'name', 'must have at least 3 characters'],
    [{ name: 'ABC' }, 'name', 'must have only small letters'],
    [{ name: 'abcdef' }, 'name', 'must have at most 5 characters'],
    [{ name: '\u{1f600}'.repeat(6) }, 'name', 'must have at most 5 characters'],
    [{ name: 'a\ufe0f'.repeat(3) }, 'name', 'must have at most 5 characters'],
    [{ name: 'a\u0000b' }, 'name', 'must not contain control characters'],
    [{ name: 'ab\ud800' }, 'name', 'must not contain half of a surrogate pair'],
    [{ email: 'nope' }, 'email', 'must be an e-mail address such as anne@example.com'],
    [{ email: '\udc00@example.com' }, 'email', 'must not contain half of a surrogate pair'],
    [{ email: {} }, 'email', 'must be text'],
    [{ count: '5' }, 'count', 'must be a whole number'],
    [{ count: null }, 'count', 'must be a whole number'],
    [{ count: 0 }, 'count', 'must be at least 1'],
    [{ count: 10 }, 'count', 'must be at most 9'],
    [{ flag: 'yes' }, 'flag', 'must be true or false'],
    [{ id: 'x' }, 'id', 'must be a UUID'],
    [{ list: 'a' }, 'list', 'must be a list'],
    [{ list: ['a', 'a'] }, 'list', 'must not have an entry twice'],
    [{ list: ['c'] }, 'list', 'each must be a or b'],
    [{ surprise: 1 }, 'surprise', 'is not a field of this request'],
  ])('%j has one fault, said for people', async (input, field, detail) => {
    expect(await faults(input)).toEqual([{ field, detail }]);
  });

  it('that may be left out may be left out', async () => {
    expect(await faults({ name: ' anne ' })).toEqual({ name: 'anne' });
  });

  it('of several at fault each is named', async () => {
    expect(await faults({ name: 5, count: 0, surprise: 1 })).toHaveLength(3);
  });
});
