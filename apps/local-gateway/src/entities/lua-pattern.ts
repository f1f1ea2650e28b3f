const CLASSES: Readonly<Record<string, string>> = {
  a: 'A-Za-z', d: '0-9', l: 'a-z', s: '\\s', u: 'A-Z', w: 'A-Za-z0-9', x: '0-9A-Fa-f', c: '\\x00-\\x1f\\x7f',
  p: '!-\\/:-@\\[-`{-~',
}; // prettier-ignore

const compiled = new Map<string, RegExp>();

/** A Lua pattern as a regular expression; what schemas use of them: classes, sets, anchors, `* + - ?`, captures. */
export function luaPattern(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  const made = new RegExp(translate(pattern), 's');
  compiled.set(pattern, made);
  return made;
}

function translate(pattern: string): string {
  let out = '';
  let inSet = false;
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern[index] ?? '';
    if (char === '%') {
      index += 1;
      out += escaped(pattern[index] ?? '', inSet);
    } else if (inSet) {
      if (char === ']') inSet = false;
      out += char === '[' || char === '\\' ? `\\${char}` : char;
    } else if (char === '[') {
      inSet = true;
      out += '[';
      if (pattern[index + 1] === '^') {
        out += '^';
        index += 1;
      }
    } else if (char === '-') out += '*?';
    else if ('{}|\\/'.includes(char)) out += `\\${char}`;
    else if (char === '$' && index < pattern.length - 1) out += '\\$';
    else out += char;
  }
  return out;
}

function escaped(letter: string, inSet: boolean): string {
  const set = CLASSES[letter.toLowerCase()];
  if (set === undefined || !/[a-z]/i.test(letter))
    return `\\${letter}`.replace(/^\\([%"'~@!#&=:;,<>`_ ])$/, '$1');
  const isNegated = letter !== letter.toLowerCase();
  if (inSet) return isNegated ? (letter === 'S' ? '\\S' : letter === 'D' ? '\\D' : '') : set;
  return `[${isNegated ? '^' : ''}${set}]`;
}
