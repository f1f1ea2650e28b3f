/**
 * A path as the router compares it: `%41` is `A`, `.` and `..` are gone, `//` is `/`. Other escapes stay, in capitals.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export function normalisePath(path: string): string {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (whole: string, hex: string) => {
    const char = String.fromCharCode(parseInt(hex, 16));
    return /[\w.~-]/.test(char) ? char : whole.toUpperCase();
  });
  const out: string[] = [];
  const parts = decoded.split('/').slice(1);
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    if (part === '..') out.pop();
    if (part === '.' || part === '..') {
      if (isLast) out.push('');
    } else if (part !== '' || isLast) out.push(part);
  });
  return `/${out.join('/')}`;
}
