import { z } from 'zod';

/** What a tool could not do, said so that a model or a person can act on it. */
export class ToolFailure extends Error {}

/** Errors of our services: a problem (RFC 9457), or what OpenAI's API answers. */
const ERROR = z.union([
  z.object({ detail: z.string() }).transform(({ detail }) => detail),
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
]);

/**
 * The body of an answer of another service, as `schema` has it.
 *
 * @throws {ToolFailure} the service refused, with its own words; or what it answered is not what was expected
 */
export async function contentOf<T>(service: string, answer: Response, schema: z.ZodType<T>): Promise<T> {
  const body = parse(await answer.text());
  if (!answer.ok) {
    const words = ERROR.safeParse(body).data ?? 'It did not say why.';
    const later = answer.headers.get('retry-after');
    const wait = later === null || words.includes(`${later} s`) ? '' : ` Try again in ${later} s.`;
    throw new ToolFailure(`${service} answered ${answer.status}: ${words}${wait}`);
  }
  const content = schema.safeParse(body);
  if (!content.success) throw new ToolFailure(`${service} answered something that is not understood here.`);
  return content.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the schema says so
  }
}
