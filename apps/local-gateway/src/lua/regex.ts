import { many, type Native } from './state.js';
import { Bytes } from './values.js';

const known = new Map<string, RegExp>();

/** A PCRE pattern as far as JavaScript has the same. */
function compile(pattern: string, options: string): RegExp {
  const key = `${options}/${pattern}`;
  const found = known.get(key);
  if (found) return found;
  const flags =
    ['i', 's', 'm'].filter((flag) => options.includes(flag)).join('') +
    (options.includes('a') ? 'y' : 'g') +
    'd';
  const made = new RegExp(
    pattern
      .replace(/\(\?P</g, '(?<')
      .replace(/\\h/g, '[ \\t]')
      .replace(/\\z/g, '$'),
    flags,
  );
  known.set(key, made);
  return made;
}

function exec(subject: string, pattern: string, options: string, from: number): RegExpExecArray | null {
  const regex = compile(pattern, options);
  regex.lastIndex = Math.max(0, from - 1);
  return regex.exec(subject);
}

function captures(match: RegExpExecArray): Map<number | string, unknown> {
  const found = new Map<number | string, unknown>();
  match.forEach((value, index) => found.set(index, value === undefined ? false : new Bytes(value)));
  for (const [name, value] of Object.entries(match.groups ?? {}))
    found.set(name, value === undefined ? false : new Bytes(value));
  return found;
}

/** `ngx.re`: captures under their numbers and names. */
export const regexApi: Readonly<Record<string, Native>> = {
  re_match: (subject: string, pattern: string, options: string, from: number) => {
    const match = exec(subject, pattern, options, from);
    return match ? captures(match) : undefined;
  },
  re_find: (subject: string, pattern: string, options: string, from: number, nth: number) => {
    const match = exec(subject, pattern, options, from);
    const range = match?.indices?.[nth];
    return range ? many(range[0] + 1, range[1]) : undefined;
  },
  re_all: (subject: string, pattern: string, options: string) => {
    const flags = compile(pattern, options).flags.replace('y', '');
    const regex = new RegExp(compile(pattern, options).source, flags.includes('g') ? flags : `${flags}g`);
    return [...subject.matchAll(regex)].map((match) =>
      captures(match)
        .set('from', match.index + 1)
        .set('to', match.index + match[0].length),
    );
  },
  re_gsub: (subject: string, pattern: string, replacement: string, options: string, isGlobal: boolean) => {
    const flags = compile(pattern, options).flags.replace(/[gyd]/g, '') + (isGlobal ? 'g' : '');
    let count = 0;
    const text = subject.replace(
      new RegExp(compile(pattern, options).source, flags),
      (...found: unknown[]) => {
        count += 1;
        return replacement.replace(/\$(?:\{(\d+)\}|(\d+)|(\$))/g, (_, braced?: string, bare?: string) =>
          braced === undefined && bare === undefined
            ? '$'
            : String((found[Number(braced ?? bare)] as string | undefined) ?? ''),
        );
      },
    );
    return many(new Bytes(text), count);
  },
};
