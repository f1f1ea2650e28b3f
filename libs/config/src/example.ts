import type { z } from 'zod';
import type { Settings } from './settings.js';

/** Writes settings as the text of an `.env.example`: what each is for, and its default or that it must be set. */
export function environmentExample(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, schema]) => {
      const help = wrap(descriptionOf(schema));
      const fallback = schema.safeParse(undefined);
      if (!fallback.success) return `${help}\n# Must be set.\n${name}=\n`;
      return fallback.data === undefined
        ? `${help}\n# Optional.\n# ${name}=\n`
        : `${help}\n# ${name}=${print(fallback.data)}\n`;
    })
    .join('\n');
}

/** The same as a Markdown table, for people who look one up. */
export function settingsTable(settings: Settings, withoutDefault: readonly string[] = []): string {
  const rows = Object.entries(settings).map(([name, schema]) => {
    const fallback = schema.safeParse(undefined);
    const text = withoutDefault.includes(name)
      ? 'see below'
      : !fallback.success
        ? '**must be set**'
        : fallback.data === undefined || print(fallback.data) === ''
          ? '–'
          : `\`${print(fallback.data)}\``;
    return `| \`${name}\` | ${text} | ${descriptionOf(schema).replaceAll('|', '\\|')} |\n`;
  });
  return rows.length === 0 ? '' : `| Setting | Default | What it is |\n| --- | --- | --- |\n${rows.join('')}`;
}

/** A default or an optional setting wraps the one that has the description. */
function descriptionOf(schema: z.ZodType): string {
  if (schema.description !== undefined) return schema.description;
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType === undefined ? '' : descriptionOf(innerType);
}

function print(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value);
}

function wrap(text: string, width = 108): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length + 1 > width) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Enough to build a service with, for generators and tests: nothing in it leads anywhere or opens anything. */
export function placeholders(settings: Settings): Readonly<Record<string, string>> {
  const candidates = ['postgres://localhost/none', 'http://localhost', 'A'.repeat(43), '1', 'none'];
  const required = Object.entries(settings).filter(([, schema]) => !schema.safeParse(undefined).success);
  return Object.fromEntries(
    required.map(([name, schema]) => {
      const fits = candidates.find((candidate) => schema.safeParse(candidate).success);
      if (fits === undefined) throw new Error(`no placeholder fits ${name}`);
      return [name, fits];
    }),
  );
}
