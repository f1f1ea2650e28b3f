import { fileTypeFromBuffer } from 'file-type';
import { charsetOf, findType, MEDIA_TYPES, usualName } from './media-types.js';
import { TypeMismatch, TypeNotAllowed } from './media.problems.js';

/** As many first bytes as are looked at. */
export const HEAD_BYTES = 4100;
const UNKNOWN = 'application/octet-stream';
const UTF_8 = ['utf-8', 'utf8', 'us-ascii'];

/** Containers that hold pictures or sound alone: their first bytes say which container it is, not what is in it. */
const SAME_CONTAINER = [
  ['audio/mp4', 'video/mp4'],
  ['audio/webm', 'video/webm'],
];
/** Text that only its sender can tell apart. */
const PLAIN = ['text/plain', 'text/markdown', 'text/csv'];

/**
 * The type under which a content is kept: what its sender claims, if what is found in its first bytes agrees. A sender who
 * claims nothing, or application/octet-stream, leaves it to what is found (RFC 9110 §8.3).
 *
 * @throws {Problem} TypeMismatch naming both; TypeNotAllowed
 */
export async function judgeType(claimed: string | undefined, head: Buffer): Promise<string> {
  const claim = claimed === undefined || claimed === '' ? UNKNOWN : usualName(claimed);
  const charset = charsetOf(claimed ?? '');
  const isKnown = claim === UNKNOWN || findType(claim) !== undefined;
  const isReadable = charset === undefined || UTF_8.includes(charset);
  if (!isKnown || !isReadable)
    throw TypeNotAllowed({ type: isReadable ? claim : `${claim}; charset=${charset}` });
  const found = await foundType(head);
  if (claim !== UNKNOWN && !agrees(claim, found, head)) throw TypeMismatch({ claimed: claim, found });
  const type = claim === UNKNOWN ? found : claim;
  if (!MEDIA_TYPES.includes(type)) throw TypeNotAllowed({ type });
  return type;
}

function agrees(claim: string, found: string, head: Buffer): boolean {
  if (claim === found) return true;
  if (SAME_CONTAINER.some((types) => types.includes(claim) && types.includes(found))) return true;
  if (claim === 'application/json') return found === 'text/plain' && beginsAsJson(head);
  return PLAIN.includes(claim) && found === 'text/plain';
}

/** What the first bytes look like. Types that we do not keep are named too, for the text of the refusal. */
async function foundType(head: Buffer): Promise<string> {
  const detected = usualName((await fileTypeFromBuffer(head))?.mime ?? UNKNOWN);
  const isText = detected === UNKNOWN || detected === 'application/xml' || detected.startsWith('text/');
  if (!isText && detected !== 'image/svg+xml') return detected;
  // Its last character may be cut off.
  return new TextCheck().isText(head) ? foundText(head) : UNKNOWN;
}

const BLANKS = /\s*/y;
const DECLARATION = /<\?xml[^>]*\?>/iy;
const SVG_DOCTYPE = /<!doctype\s+svg[^>[]*(?:\[[^\]]*\])?>/iy;

/**
 * Where the root of a document begins, behind blanks, comments, a declaration and, for SVG, a document type. One step after
 * the other: a single expression for all of it tries every way to part comments that stand in a row, which takes hours.
 */
function rootOf(text: string): number {
  let at = text.startsWith('\ufeff') ? 1 : 0;
  const skip = (step: RegExp): boolean => {
    step.lastIndex = at;
    const length = step.exec(text)?.[0].length ?? 0;
    at += length;
    return length > 0;
  };
  const skipComment = (): boolean => {
    const end = text.startsWith('<!--', at) ? text.indexOf('-->', at + 4) : -1;
    if (end >= 0) at = end + 3;
    return end >= 0;
  };
  while (skip(BLANKS) || skipComment() || skip(DECLARATION) || skip(SVG_DOCTYPE));
  return at;
}

function foundText(head: Buffer): string {
  const text = head.toString('utf8');
  const root = text.slice(rootOf(text));
  if (/^<svg[\s>/]/i.test(root)) return 'image/svg+xml';
  if (/^<(?:!doctype\s+html|html|head|body|script)[\s>/]/i.test(root)) return 'text/html';
  return /^\ufeff?\s*<\?xml\s/i.test(text) ? 'application/xml' : 'text/plain';
}

function beginsAsJson(head: Buffer): boolean {
  return /^\ufeff?\s*(?:[[{"]|-?\d|true\b|false\b|null\b)/.test(head.toString('utf8'));
}

// eslint-disable-next-line no-control-regex -- tab, line feed, form feed and carriage return belong to text, others do not
const CONTROL = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;

/** Whether a content that comes in pieces is UTF-8 without control characters. */
export class TextCheck {
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });

  /** @param last whether nothing comes after this piece */
  isText(piece: Buffer, last = false): boolean {
    try {
      return !CONTROL.test(this.decoder.decode(piece, { stream: !last }));
    } catch {
      return false; // TextDecoder: not UTF-8
    }
  }
}
