import { createHash } from 'node:crypto';
import { dump, load } from 'js-yaml';
import { declarativeConfig } from '../entities/errors.js';
import { type Entity, isTable } from '../entities/value.js';

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
export const EMPTY_HASH = '0'.repeat(32);

/** JSON, or else YAML. @throws {Refusal} code 14 when it is neither */
export function parseText(text: string): Entity {
  let why = 'expected an object';
  try {
    const json: unknown = JSON.parse(text);
    if (isTable(json)) return json;
  } catch {
    try {
      const yaml: unknown = load(text);
      if (isTable(yaml)) return yaml;
    } catch (error) {
      why = (error as Error).message.split('\n')[0] ?? why;
    }
  }
  throw declarativeConfig({ error: `failed parsing declarative configuration: ${why}` });
}

export function toYaml(config: Entity): string {
  return dump(config, { noRefs: true, lineWidth: -1 });
}
