import { describe, type DeclarativeFile, type Item } from './read.js';

const SECRET_NAME = /secret|password|passwd|credential$|provision_key|private|token$/i;
const REFERENCE = /^\{vault:\/\/env\/[a-z0-9-]+\}$/;
const SECRET_VALUE = [/-----BEGIN/, /\beyJ[\w-]{8,}\.eyJ/, /\b[a-z]{2,8}_[a-z]{2,8}_[0-9A-Za-z]{20,}/];
/** Small and capital letters and digits, in one word: nothing that a person would call something. */
const RANDOM = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+/=~-]{20,}$/;
const HEX = /^[0-9a-f]{32,}$/i;

/** Faults of secrecy: a secret, or what looks like one, where a reference to it belongs. */
export function secretFaults(file: DeclarativeFile): string[] {
  return [...file.services, ...file.routes, ...file.consumers, ...file.plugins].flatMap((item) =>
    texts(item.fields).flatMap(([name, value]) => judge(item, name, value)),
  );
}

function judge(item: Item, name: string, value: string): string[] {
  if (REFERENCE.test(value)) return [];
  if (SECRET_NAME.test(name)) return [`${describe(item)}: ${name}: must be a {vault://env/…} reference`];
  if (/^\{vault:/.test(value))
    return [`${describe(item)}: ${name}: not a reference that Kong's env vault reads`];
  const secret = [...SECRET_VALUE, RANDOM, HEX].some((form) => form.test(value));
  return secret ? [`${describe(item)}: ${name}: looks like a secret`] : [];
}

function texts(value: unknown, name = ''): readonly (readonly [name: string, value: string])[] {
  if (typeof value === 'string') return [[name, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    texts(inner, Array.isArray(value) ? name : name === '' ? key : `${name}.${key}`),
  );
}
