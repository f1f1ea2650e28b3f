/** What a stored content is compared by. */
export interface Validators {
  /** With its quotes. */
  readonly etag: string;
  readonly lastModified: Date;
}

/** Headers in lower case, as Node gives them. */
export type ConditionHeaders = Readonly<Record<string, string | undefined>>;

/** What becomes of a GET or HEAD: `serve`, with its range if one is asked for and `If-Range` allows it. */
export type Outcome = 'failed' | 'not-modified' | 'serve-range' | 'serve-whole';

/** In the order of RFC 9110 §13.2.2. A date that is none counts as not sent. */
export function outcomeOf(headers: ConditionHeaders, { etag, lastModified }: Validators): Outcome {
  const modified = Math.floor(lastModified.getTime() / 1000) * 1000;
  const match = headers['if-match'];
  const unmodifiedSince = dateOf(headers['if-unmodified-since']);
  if (match !== undefined ? !lists(match, etag) : unmodifiedSince !== undefined && modified > unmodifiedSince)
    return 'failed';
  const noneMatch = headers['if-none-match'];
  const modifiedSince = dateOf(headers['if-modified-since']);
  if (
    noneMatch !== undefined
      ? lists(noneMatch, etag, 'weak')
      : modifiedSince !== undefined && modified <= modifiedSince
  )
    return 'not-modified';
  const ifRange = headers['if-range'];
  if (ifRange === undefined) return 'serve-range';
  // A date is a strong validator only where it is known to be one (§8.8.2.2), so it must be the very same.
  const holds = ifRange.includes('"') ? ifRange.trim() === etag : dateOf(ifRange) === modified;
  return holds ? 'serve-range' : 'serve-whole';
}

function lists(header: string, etag: string, comparison: 'strong' | 'weak' = 'strong'): boolean {
  if (header.trim() === '*') return true;
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => (comparison === 'weak' ? tag.replace(/^W\//, '') : tag) === etag);
}

function dateOf(header: string | undefined): number | undefined {
  const time = Date.parse(header ?? '');
  return Number.isNaN(time) ? undefined : time;
}
