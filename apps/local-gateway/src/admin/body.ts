import type { IncomingMessage } from 'node:http';
import type { Field, Fields } from '../entities/field.js';
import { type Entity, isTable, type Value } from '../entities/value.js';
import type { Answer } from './answer.js';

export interface Body {
  readonly values: Entity;
  readonly text: string;
  /** Values came as text (a form), so their types are still to be found from the schema. */
  readonly isForm: boolean;
}

/** A body that cannot be taken is answered with this. */
export class Unreadable extends Error {
  constructor(readonly answer: Answer) {
    super(`unreadable body: ${answer.status}`);
  }
}

const LIMIT = 256 * 1024 * 1024;

export async function readBody(request: IncomingMessage, acceptsYaml: boolean): Promise<Body> {
  const text = await readText(request);
  if (!['POST', 'PUT', 'PATCH'].includes(request.method ?? '')) return { values: {}, text, isForm: false };
  const type = request.headers['content-type'];
  if (type === undefined) {
    if (text === '') return { values: {}, text, isForm: false };
    throw new Unreadable({ status: 415, body: { message: 'Unsupported Media Type' } });
  }
  if (type.startsWith('application/json')) return { values: parseJson(text), text, isForm: false };
  if (type.startsWith('application/x-www-form-urlencoded'))
    return { values: parseForm(text), text, isForm: true };
  if (type.startsWith('multipart/form-data'))
    return { values: parseMultipart(text, type), text, isForm: true };
  if (acceptsYaml && /^(application|text)\/yaml/.test(type)) return { values: {}, text, isForm: false };
  throw new Unreadable({ status: 415, body: { message: 'Unsupported Media Type' } });
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > LIMIT) throw new Unreadable({ status: 413, body: { message: 'Payload too large' } });
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): Entity {
  try {
    const parsed = JSON.parse(text) as Value;
    if (isTable(parsed)) return parsed;
    if (Array.isArray(parsed) && parsed.length === 0) return {};
  } catch {
    // answered below, as any other text that is not an object
  }
  throw new Unreadable({ status: 400, body: { message: 'Cannot parse JSON body' } });
}

function parseForm(text: string): Entity {
  return nest(new URLSearchParams(text));
}

function parseMultipart(text: string, type: string): Entity {
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1] ?? '';
  const fields = text.split(`--${boundary}`).flatMap((part): [string, string][] => {
    const match = /name="([^"]*)"[^]*?\r?\n\r?\n([^]*?)\r?\n$/.exec(part);
    return match ? [[match[1] ?? '', match[2] ?? '']] : [];
  });
  return nest(fields);
}

/** `config.minute=5` and `paths[]=/a` become what they say. */
function nest(pairs: Iterable<[string, string]>): Entity {
  const root: Entity = {};
  for (const [name, value] of pairs) {
    const path = name.replace(/\[(\d*)\]/g, '.#').split('.');
    let node: Entity = root;
    path.forEach((part, index) => {
      if (part === '#') return;
      const isLast = index === path.length - 1;
      const isList = path[index + 1] === '#';
      if (isList) {
        const list = node[part];
        node[part] = [...(Array.isArray(list) ? list : []), value];
      } else if (isLast) node[part] = part in node ? [node[part] ?? null, value].flat() : value;
      else node = isTable(node[part]) ? node[part] : (node[part] = {});
    });
  }
  return root;
}

/** Gives values of a form the types that the schema has for them. */
export function inferTypes(fields: Fields, values: Entity): Entity {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value === undefined ? value : infer(fields[name], value),
    ]),
  );
}

function infer(field: Field | undefined, value: Value): Value {
  if (field?.type === 'record' && isTable(value)) return inferTypes(field.fields ?? {}, value);
  if (field?.type === 'array' || field?.type === 'set') {
    const list = Array.isArray(value)
      ? value
      : value === ''
        ? []
        : String(value as string)
            .split(',')
            .map((item) => item.trim());
    return list.map((item) => infer(field.elements, item));
  }
  if (value === '') return null;
  if (typeof value !== 'string') return value;
  if (field?.type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  if (field?.type === 'integer' || field?.type === 'number')
    return Number.isNaN(Number(value)) ? value : Number(value);
  if (field?.type === 'foreign') return { id: value };
  return value;
}
