import { textOf } from './value.js';
/** What an error is about: a text, or errors by field (by position, counted from 1, for a list). */
export type Fault = string | Fault[] | { [field: string]: Fault };
export type Faults = { [field: string]: Fault };

/** Writes a value as Penlight's `pretty.write` does, which Kong's messages hold. */
export function pretty(value: unknown, indent = '  ', depth = 1): string {
  if (typeof value === 'string') return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;
  if (value === null) return 'null';
  if (typeof value !== 'object') return textOf(value);
  const lines: string[] = [];
  const spaced = indent === '' ? '=' : ' = ';
  if (Array.isArray(value)) {
    let inSequence = true;
    // A for-loop sees the holes that forEach leaves out.
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      if (item === undefined) inSequence = false;
      else {
        const text = pretty(item, indent, depth + 1);
        lines.push(inSequence ? text : `[${index + 1}]${spaced}${text}`);
      }
    }
  } else {
    for (const [key, item] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (item === undefined) continue;
      const name = /^[A-Za-z_]\w*$/.test(key) ? key : `["${key}"]`;
      lines.push(`${name}${spaced}${pretty(item, indent, depth + 1)}`);
    }
  }
  if (indent === '') return `{${lines.join(',')}}`;
  if (lines.length === 0) return '{\n}';
  const pad = indent.repeat(depth);
  return `{\n${lines.map((line) => pad + line).join(',\n')}\n${indent.repeat(depth - 1)}}`;
}
