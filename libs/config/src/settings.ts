import { z } from 'zod';
import { Secret } from './secret.js';

/** A setting is a zod schema of one environment variable, with what it is for as its description. */
export type Settings = Readonly<Record<string, z.ZodType>>;
export type Parsed<S extends Settings> = { readonly [K in keyof S]: z.output<S[K]> };

/** Every fault of the environment, found in one pass. */
export class ConfigurationError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`configuration: ${faults.join('; ')}`);
    this.name = 'ConfigurationError';
  }
}

/**
 * Parses the environment once; an empty value counts as not set. The result is frozen.
 *
 * @throws {ConfigurationError} naming every setting at fault and what is expected, never its value
 */
export function parseSettings<S extends Settings>(
  settings: S,
  environment: Readonly<Record<string, string | undefined>>,
): Parsed<S> {
  const faults: string[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(settings)) {
    const raw = environment[name];
    const result = schema.safeParse(raw === '' ? undefined : raw);
    if (result.success) parsed[name] = result.data;
    else faults.push(`${name}: ${raw ? result.error.issues[0]?.message : 'must be set'}`);
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return Object.freeze(parsed) as Parsed<S>;
}

/** Builders for the kinds of setting we have; each takes what the setting is for, in a sentence. */
export const setting = {
  text: (help: string) => z.string().describe(help),
  oneOf: <const T extends readonly [string, ...string[]]>(values: T, help: string) =>
    z.enum(values, { error: `must be one of ${values.join(', ')}` }).describe(help),
  integer: (help: string, { min, max }: { min: number; max: number }) =>
    z
      .string()
      .regex(/^-?\d+$/, 'must be a whole number')
      .transform(Number)
      .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
      .describe(help),
  flag: (help: string) =>
    z
      .enum(['true', 'false'], { error: 'must be true or false' })
      .transform((value) => value === 'true')
      .describe(help),
  url: (help: string, protocols: readonly string[] = ['http:', 'https:']) =>
    z
      .string()
      .refine(
        (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
        `must be a URL (${protocols.join(' or ')}//…)`,
      )
      .describe(help),
  list: (help: string) =>
    z
      .string()
      .transform((value) =>
        value
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== ''),
      )
      .describe(help),
  urls: (help: string) =>
    z
      .string()
      .transform((value) =>
        value
          .split(',')
          .map((item) => item.trim().replace(/\/+$/, ''))
          .filter((item) => item !== ''),
      )
      .refine(
        (urls) => urls.every((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)),
        'must be URLs (http: or https://…) with commas between',
      )
      .describe(help),
  secret: (help: string, { minLength }: { minLength: number }) =>
    z
      .string()
      .min(minLength, `must have at least ${minLength} characters`)
      .transform((value) => new Secret(value))
      .describe(help),
  /** A 256-bit key, as base64 or base64url of 32 bytes. */
  key: (help: string) =>
    z
      .string()
      .refine(
        (value) => Buffer.from(value, 'base64url').length === 32,
        'must be 32 bytes, written as base64 or base64url',
      )
      .transform((value) => new Secret(value))
      .describe(help),
};
