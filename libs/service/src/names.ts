import type { FieldFault } from '#problem';

/** A text of megabytes is one step: read letter by letter, it would overflow the stack of the expression. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]/g;
/** Far more than any body of ours has, far less than what overflows the stack of those who walk it. */
const MAX_DEPTH = 32;
/** A chat of ten thousand messages has half of it. Each may be a fault to be described, which takes longer than to read it. */
const MAX_ENTRIES = 50_000;

/** An object or a list that has begun; a list has no names. */
interface Open {
  readonly names: Set<string> | undefined;
  at: string;
}

/**
 * The first fault in a JSON text that a check of its fields would overlook: a name given twice in one object, where
 * readers differ on which one counts (RFC 8259 §4); the name of what every JavaScript object has (`__proto__`,
 * `constructor`, `toString`), which is dropped on the way; more levels, or more entries, than anything of ours has.
 *
 * @param text valid JSON
 */
export function oddName(text: string): FieldFault | undefined {
  const open: Open[] = [];
  let last = '';
  let entries = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{') open.push({ names: new Set(), at: '' });
    else if (token === '[') open.push({ names: undefined, at: '' });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const detail = enter(open.at(-1), JSON.parse(last) as string);
      if (detail !== undefined) return { field: pathOf(open), detail };
    } else if (token === ',' && (entries += 1) >= MAX_ENTRIES)
      return { field: pathOf(open) || 'body', detail: 'must not have so many entries' };
    if (open.length > MAX_DEPTH) return { field: pathOf(open), detail: 'must not have so many levels' };
    last = token;
  }
  return undefined;
}

function enter(object: Open | undefined, name: string): string | undefined {
  if (object?.names === undefined) return undefined;
  object.at = name;
  if (name in Object.prototype || name === 'prototype') return 'is not a field of this request';
  if (object.names.has(name)) return 'must be given once only';
  object.names.add(name);
  return undefined;
}

function pathOf(open: readonly Open[]): string {
  return open
    .map(({ names, at }) => (names === undefined ? '' : at))
    .filter((name) => name !== '')
    .join('.');
}
