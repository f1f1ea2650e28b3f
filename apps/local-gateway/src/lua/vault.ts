import { isReference, isTable, type Value } from '../entities/value.js';

/** `{vault://env/some-name}` is SOME_NAME of the environment, `…/key` a field of the JSON in it. */
export function fromVault(reference: string): string | undefined {
  const match = /^\{vault:\/\/env\/([^/?}]+)(?:\/([^?}]+))?(?:\?prefix=([^}&]+))?\}$/.exec(reference);
  if (!match?.[1]) return undefined;
  const value = process.env[`${match[3] ?? ''}${match[1]}`.toUpperCase().replace(/-/g, '_')];
  if (match[2] === undefined || value === undefined) return value;
  try {
    return (JSON.parse(value) as Record<string, string>)[match[2]];
  } catch {
    return undefined;
  }
}

/** References to the vault are resolved where the plugin reads them, and nowhere else. */
export function resolved(value: Value): Value {
  if (isReference(value)) return fromVault(value) ?? '';
  if (Array.isArray(value)) return value.map(resolved);
  if (!isTable(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, each === undefined ? each : resolved(each)]),
  );
}
