import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Folders with a handler and a schema: the plugins that can be enabled. */
export function findPlugins(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(
      (name) => existsSync(join(folder, name, 'handler.lua')) && existsSync(join(folder, name, 'schema.lua')),
    )
    .sort();
}
