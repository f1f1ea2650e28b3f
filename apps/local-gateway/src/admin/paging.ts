import { invalidOffset, invalidOptions, invalidSize } from '../entities/errors.js';
import { type Entity, textOf } from '../entities/value.js';

export interface Page {
  readonly data: readonly Entity[];
  readonly offset?: string;
}
type Query = URLSearchParams;

const TAG_BYTES = '[\\x20-\\x2b\\x2d\\x2e\\x30-\\x7e\\x80-\\u{10ffff}]+';
const ALL_OF = new RegExp(`^(${TAG_BYTES}(?:,|$))+$`, 'u');
const ONE_OF = new RegExp(`^(${TAG_BYTES}(?:/|$))+$`, 'u');

/** `?tags=a,b` has all of them, `?tags=a/b` one of them; both at once is refused. */
export function tagFilter(query: Query): ((entity: Entity) => boolean) | undefined {
  const asked = query.get('tags');
  if (asked === null) return undefined;
  if (asked === '') throw invalidOptions({ tags: 'cannot be null' });
  const isAll = ALL_OF.test(asked);
  if (!isAll && !ONE_OF.test(asked)) throw invalidOptions({ tags: 'invalid filter syntax' });
  const tags = asked.split(isAll ? ',' : '/').filter((tag) => tag !== '');
  if (tags.length > 5) throw invalidOptions({ tags: 'cannot query more than 5 tags' });
  return ({ tags: own }) => {
    if (!Array.isArray(own)) return false;
    return isAll ? tags.every((tag) => own.includes(tag)) : tags.some((tag) => own.includes(tag));
  };
}

/**
 * One page in the order of ids; the offset names the last id of the page before.
 *
 * @param entities may leave out what stands before this id
 */
export function pageOf(
  entities: (after?: string) => Iterable<Entity>,
  query: Query,
  keyOf = (entity: Entity) => [textOf(entity['id'])],
): Page {
  const size = sizeOf(query);
  const filter = tagFilter(query);
  const after = afterOf(query);
  const afterKey = after === undefined ? undefined : JSON.stringify(after);
  const data: Entity[] = [];
  for (const entity of entities(after?.[0])) {
    if (filter && !filter(entity)) continue;
    if (afterKey !== undefined && JSON.stringify(keyOf(entity)) <= afterKey) continue;
    if (data.length === size) return { data, offset: encodeOffset(keyOf(data[size - 1] ?? {})) };
    data.push(entity);
  }
  return { data };
}

function sizeOf(query: Query): number {
  const asked = query.get('size');
  if (asked === null) return 100;
  const size = asked.trim() === '' ? NaN : Number(asked);
  if (Number.isNaN(size)) throw invalidSize('size must be a number');
  if (!Number.isInteger(size) || size < 1 || size > 1000)
    throw invalidSize('size must be an integer between 1 and 1000');
  return size;
}

function afterOf(query: Query): readonly string[] | undefined {
  const offset = query.get('offset');
  if (offset === null || offset === '') return undefined;
  const base64 = offset.replace(/-/g, '+').replace(/_/g, '/');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.replace(/=+$/, '').length % 4 === 1)
    throw invalidOffset(offset, 'bad base64 encoding');
  try {
    const key: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    if (Array.isArray(key)) return key.map(textOf);
  } catch {
    // answered below
  }
  throw invalidOffset(offset, 'bad json encoding');
}

export const encodeOffset = (key: readonly string[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64').replace(/=+$/, '');

/** `escape_uri` of Lua, which leaves fewer characters than `encodeURIComponent`. */
export const escapeUri = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
