import type { OpenAiError } from '#openai';
import type { Model } from './provider.js';

const MAX_MESSAGE_CHARACTERS = 2000;
const MAX_WAIT_SECONDS = 3600;

/**
 * What a provider says of a request that it refuses, without what only we may know; undefined when it is not in OpenAI's
 * form, and so not a word about the request.
 *
 * @param hidden our key and its address, should it repeat them
 */
export function errorOf(text: string, hidden: readonly (string | undefined)[]): OpenAiError | undefined {
  const error = (parse(text) as { error?: Partial<Record<keyof OpenAiError, unknown>> } | undefined)?.error;
  if (typeof error?.message !== 'string') return undefined;
  const clean = (value: unknown): string | null =>
    typeof value === 'string' ? without(value, hidden).slice(0, MAX_MESSAGE_CHARACTERS) : null;
  return {
    message: clean(error.message) ?? '',
    type: clean(error.type) ?? 'invalid_request_error',
    param: clean(error.param),
    code: clean(error.code),
  };
}

function without(text: string, hidden: readonly (string | undefined)[]): string {
  return hidden
    .filter((secret) => secret !== undefined && secret !== '')
    .reduce<string>((rest, secret) => rest.replaceAll(secret as string, '[redacted]'), text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Seconds of a Retry-After; undefined when it is none, or a date. */
export function retryAfter(header: string | undefined): number | undefined {
  return /^\d{1,6}$/.test(header ?? '') ? Math.min(Number(header), MAX_WAIT_SECONDS) : undefined;
}

/** What is no model in a list of models is left out. */
export function isModel(value: unknown): value is Model {
  const { id } = (value ?? {}) as { id?: unknown };
  return typeof id === 'string' && id !== '';
}
