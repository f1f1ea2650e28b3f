/** How a type is kept and served. */
interface MediaType {
  readonly type: string;
  /** Text is UTF-8 and nothing else; there is no telling such formats apart by their first bytes. */
  readonly text: boolean;
  /** May be shown in a page's place; what is not is offered as a download. */
  readonly inline: boolean;
  /** Can hold scripts: shown nowhere but in a sandbox. */
  readonly active: boolean;
}

const binary = (type: string): MediaType => ({ type, text: false, inline: true, active: false });
const text = (type: string, more: Partial<MediaType> = {}): MediaType => ({
  type,
  text: true,
  inline: false,
  active: false,
  ...more,
});

const TYPES: readonly MediaType[] = [
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'].map(binary),
  ...['audio/mpeg', 'audio/wav', 'audio/ogg', 'audio/flac', 'audio/mp4', 'audio/webm'].map(binary),
  ...['video/mp4', 'video/webm', 'application/pdf'].map(binary),
  text('text/plain', { inline: true }),
  ...['text/markdown', 'text/csv', 'application/json'].map((type) => text(type)),
  ...['text/html', 'image/svg+xml'].map((type) => text(type, { active: true })),
];

const BY_NAME = new Map(TYPES.map((entry) => [entry.type, entry]));

/** Every type that is kept, as OpenAPI and error texts list them. */
export const MEDIA_TYPES: readonly string[] = TYPES.map(({ type }) => type);

/** Other names of the same. */
const ALIASES: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/apng': 'image/png',
  'audio/mp3': 'audio/mpeg',
  'audio/x-wav': 'audio/wav',
  'audio/wave': 'audio/wav',
  'audio/vnd.wave': 'audio/wav',
  'audio/x-flac': 'audio/flac',
  'audio/m4a': 'audio/mp4',
  'audio/x-m4a': 'audio/mp4',
  'application/ogg': 'audio/ogg',
  'text/json': 'application/json',
  'text/x-markdown': 'text/markdown',
};

export function findType(type: string): MediaType | undefined {
  return BY_NAME.get(type);
}

/** A type's usual name, without parameters, in lower case (RFC 9110 §8.3.1). */
export function usualName(contentType: string): string {
  const name = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  return ALIASES[name] ?? name;
}

/** The `charset` of a Content-Type in lower case, if it says one. */
export function charsetOf(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1]?.toLowerCase();
}
