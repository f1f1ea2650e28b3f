import { randomUUID } from 'node:crypto';
import { GATEWAY_CALL_SECRET } from './auth-api.js';

/** Every password of a test contains this, so that the check of the logs finds one that got there. */
export const PASSWORD_MARK = 'Pa55mark';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON; undefined when the body was empty. */
  readonly body: Body;
}

// Tests look into answers freely; what they may hold is checked against the OpenAPI document.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Body = any;

export interface Call {
  readonly token?: string;
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** One request with JSON in and out. */
export async function call(
  base: string,
  method: string,
  path: string,
  { token, apiKey, headers = {}, body }: Call = {},
): Promise<Answer> {
  const response = await fetch(base + path, {
    method,
    redirect: 'manual',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
      ...headers,
    },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : parse(text) };
}

export interface TestGuest {
  readonly id: string;
  readonly username: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

export async function newGuest(base: string): Promise<TestGuest> {
  const { status, body } = await call(base, 'POST', '/auth/guest-login');
  if (status !== 201) throw new Error(`guest-login: ${status} ${JSON.stringify(body)}`);
  return {
    id: body.user_id,
    username: body.username,
    accessToken: body.access_token,
    refreshToken: body.refresh_token,
  };
}

export interface TestMember extends TestGuest {
  readonly email: string;
  readonly password: string;
}

/** A guest who has upgraded; his tokens are the ones he had as a guest, which go on working. */
export async function newMember(base: string, wishes: { password?: string } = {}): Promise<TestMember> {
  const guest = await newGuest(base);
  const username = `t-${randomUUID().slice(0, 13)}`;
  const email = `${username}@example.com`;
  const password = wishes.password ?? `${PASSWORD_MARK}-${randomUUID()}`;
  const { status, body } = await call(base, 'POST', '/auth/upgrade', {
    token: guest.accessToken,
    body: { username, email, password },
  });
  if (status !== 200) throw new Error(`upgrade: ${status} ${JSON.stringify(body)}`);
  return { ...guest, username, email, password };
}

export async function newKey(
  base: string,
  member: TestGuest,
  body: Readonly<Record<string, unknown>> = { name: 'test' },
): Promise<{ id: string; key: string }> {
  const answer = await call(base, 'POST', '/auth/api-keys', { token: member.accessToken, body });
  if (answer.status !== 201) throw new Error(`api-keys: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { id: answer.body.id, key: answer.body.key };
}

/** What the gateway is told about a key. */
export function validate(base: string, apiKey: string): Promise<Answer> {
  return call(base, 'POST', '/auth/validate-api-key', {
    token: GATEWAY_CALL_SECRET,
    body: { api_key: apiKey },
  });
}

function parse(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Whether answers are the same byte for byte, but for what tells requests apart. */
export function sameButForRequestId(answers: readonly Answer[]): boolean {
  const told = answers.map(({ status, headers, body }) => {
    const kept = [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
    return JSON.stringify([status, kept, { ...body, request_id: undefined }]);
  });
  return new Set(told).size === 1;
}
