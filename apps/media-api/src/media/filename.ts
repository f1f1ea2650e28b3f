import { ValidationFailed } from '#problem';

/** With every character as `%F0%9F%98%80` it still fits what S3 keeps beside an object (2 kB). */
export const MAX_FILENAME = 150;

/**
 * The last part of a name as browsers and programs send it, if anything is left: never a path.
 *
 * @throws {Problem} ValidationFailed at `field`: too long, or with control characters
 */
export function cleanFilename(name: string | undefined, field: string): string | undefined {
  const last = name?.split(/[/\\]/).at(-1)?.trim();
  if (last === undefined || last === '' || last === '.' || last === '..') return undefined;
  if (/\p{Cc}|\p{Cs}/u.test(last))
    throw ValidationFailed({ errors: [{ field, detail: 'must not contain control characters' }] });
  if ([...last].length > MAX_FILENAME)
    throw ValidationFailed({
      errors: [{ field, detail: `must name a file in at most ${MAX_FILENAME} characters` }],
    });
  return last;
}

/** The name that a Content-Disposition header gives (RFC 6266 §4.3): the one in UTF-8 before the plain one. */
export function filenameIn(header: string | undefined): string | undefined {
  const encoded = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(header ?? '')?.[1];
  if (encoded !== undefined) return decoded(encoded);
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(header ?? '') ?? [];
  // Node reads header bytes as Latin-1; those who send more than ASCII send UTF-8.
  return utf8(quoted?.replace(/\\(.)/g, '$1') ?? token);
}

/** `Content-Disposition` of an answer: a plain name for old clients, and the whole one in UTF-8. */
export function disposition(kind: 'inline' | 'attachment', filename: string | undefined): string {
  if (filename === undefined) return kind;
  const plain = filename.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(filename).replace(
    /['()*!]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // URIError: a broken escape, as good as no name
  }
}

function utf8(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const read = Buffer.from(text, 'latin1').toString('utf8');
  return read.includes('\ufffd') ? text : read;
}
