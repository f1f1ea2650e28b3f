import { createHash } from 'node:crypto';
import { type Kind, RULES } from './kinds.js';
import { type Fields, fieldsOf, type Item } from './state.js';

const SECRET_NAME = /secret|password|passwd|credential$|provision_key|private|token$/i;
/** Where Kong reads a secret is none. */
const REFERENCE = /^\{vault:\/\//;

/** Stands for a secret wherever people read: the same for the same one, and it leads nowhere. */
export function fingerprint(secret: string): string {
  return `sha256:${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`;
}

/** The value of a field as it may be shown. */
export function shown(kind: Kind, field: string, value: unknown): unknown {
  if (typeof value === 'string') return isSecret(kind, field, value) ? fingerprint(value) : value;
  if (Array.isArray(value)) return value.map((each: unknown) => shown(kind, field, each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, shown(kind, `${field}.${name}`, inner)]),
  );
}

/** Everything in an entity that must not be repeated. */
export function secretsOf({ kind, entity }: Item): string[] {
  return Object.entries(fieldsOf(entity)).flatMap(([field, value]) => collect(kind, field, value));
}

/**
 * The text with fingerprints in the place of these secrets. JSON is written anew first: Kong writes a slash as `\/`, so
 * that a secret with one would not be found.
 */
export function withFingerprints(text: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return text;
  const escaped = (secret: string) => JSON.stringify(secret).slice(1, -1);
  return secrets.reduce(
    (rest, secret) => [escaped(secret), secret].reduce((r, s) => r.replaceAll(s, fingerprint(secret)), rest),
    rewritten(text),
  );
}

function rewritten(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text; // not Kong's own words
  }
}

function collect(kind: Kind, field: string, value: unknown): string[] {
  if (typeof value === 'string') return isSecret(kind, field, value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((each: unknown) => collect(kind, field, each));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Fields).flatMap(([name, inner]) => collect(kind, `${field}.${name}`, inner));
}

function isSecret(kind: Kind, field: string, value: string): boolean {
  if (value === '' || REFERENCE.test(value)) return false;
  if (RULES[kind].secrets.includes(field)) return true;
  const last = field.slice(field.lastIndexOf('.') + 1);
  return kind === 'plugins' && SECRET_NAME.test(last);
}
