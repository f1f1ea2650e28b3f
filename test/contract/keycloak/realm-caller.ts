import { testStack } from '../../support/stack.js';

export interface TokenAnswer {
  readonly status: number;
  readonly body: {
    access_token: string;
    refresh_token: string;
    token_type: string;
    expires_in: number;
    refresh_expires_in: number;
    error?: string;
    error_description?: string;
  };
}

export interface AdminAnswer {
  readonly status: number;
  readonly body: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- whatever Keycloak says is what we look at
  readonly id: string;
}

/** What a test says to Keycloak: plain requests, so that the realm is judged and not our own client. */
const stack = testStack();
const realmUrl = `${stack.keycloakUrl}/realms/${stack.realm}`;
const adminUrl = `${stack.keycloakUrl}/admin/realms/${stack.realm}`;
const made = new Set<string>();

export const password = 'Correct-Horse-7';

/** A name no other run uses. Guests' names start with `guest-`. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID()}`;
}

/** A refusal may be an HTML page: its body is then left empty. */
export async function requestToken(form: Record<string, string>, realm = stack.realm): Promise<TokenAnswer> {
  const response = await fetch(`${stack.keycloakUrl}/realms/${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  });
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const body = isJson ? await response.json() : {};
  return { status: response.status, body: body as TokenAnswer['body'] };
}

export function signIn(username: string, secret = password, more: Record<string, string> = {}) {
  return requestToken({ grant_type: 'password', client_id: 'llm-api', username, password: secret, ...more });
}

/** Without `password`: this client never has one to send. */
export function signInGuest(username: string, clientSecret = stack.guestClientSecret) {
  return requestToken({
    grant_type: 'password',
    client_id: 'guest-issuer',
    client_secret: clientSecret,
    username,
  });
}

export function refreshGuest(refreshToken: string) {
  return requestToken({
    grant_type: 'refresh_token',
    client_id: 'guest-issuer',
    client_secret: stack.guestClientSecret,
    refresh_token: refreshToken,
  });
}

/** The token of auth-api's service account. */
export async function backendToken(): Promise<string> {
  const answer = await requestToken({
    grant_type: 'client_credentials',
    client_id: 'auth-backend',
    client_secret: stack.backendClientSecret,
  });
  return answer.body.access_token;
}

/** The token of Keycloak's own administrator: only to arrange what the service account may not. */
export async function administratorToken(): Promise<string> {
  const answer = await requestToken(
    { grant_type: 'password', client_id: 'admin-cli', ...stack.keycloakAdmin },
    'master',
  );
  return answer.body.access_token;
}

async function call(token: string, method: string, url: string, body?: unknown): Promise<AdminAnswer> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'content-type': 'application/json',
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const id = response.headers.get('location')?.split('/').pop() ?? '';
  return {
    status: response.status,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
    id,
  };
}

/** `path` from the realm on: `/users`. */
export function callAdmin(token: string, method: string, path: string, body?: unknown) {
  return call(token, method, `${adminUrl}${path}`, body);
}

export function callAccount(token: string, method: string, path: string, body?: unknown) {
  return call(token, method, `${realmUrl}/account${path}`, body);
}

/** Creates a user that `removeUsers` deletes again; gives the id. */
export async function createUser(token: string, user: Record<string, unknown>): Promise<string> {
  const answer = await callAdmin(token, 'POST', '/users', { enabled: true, ...user });
  if (answer.status !== 201) throw new Error(`create user: ${answer.status} ${JSON.stringify(answer.body)}`);
  made.add(answer.id);
  return answer.id;
}

export function createGuest(token: string, username: string) {
  return createUser(token, { username, attributes: { guest: ['true'] }, groups: ['guests'] });
}

export function createRegistered(token: string, username: string) {
  return createUser(token, {
    username,
    email: `${username}@example.com`,
    credentials: [{ type: 'password', value: password, temporary: false }],
  });
}

export async function removeUsers(): Promise<void> {
  const token = await administratorToken();
  for (const id of made) await callAdmin(token, 'DELETE', `/users/${id}`);
  made.clear();
}

export async function groupId(token: string, name: string): Promise<string> {
  const { body } = await callAdmin(token, 'GET', `/groups?search=${name}&exact=true`);
  return (body as { id: string }[])[0]?.id ?? '';
}

/** The three calls of an upgrade, as auth-api makes them. */
export async function upgradeGuest(token: string, id: string, username: string): Promise<number[]> {
  const written = await callAdmin(token, 'PUT', `/users/${id}`, {
    username,
    email: `${username}@example.com`,
    enabled: true,
    attributes: { guest: ['false'] },
    credentials: [{ type: 'password', value: password, temporary: false }],
  });
  const moved = await Promise.all([
    callAdmin(token, 'PUT', `/users/${id}/groups/${await groupId(token, 'users')}`),
    callAdmin(token, 'DELETE', `/users/${id}/groups/${await groupId(token, 'guests')}`),
  ]);
  return [written.status, ...moved.map(({ status }) => status)];
}

function decodePart(token: string, index: number): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

export const headerOf = (token: string) => decodePart(token, 0);
export const claimsOf = (token: string) => decodePart(token, 1);
export const rolesOf = (token: string) =>
  (claimsOf(token)['realm_access'] as { roles: string[] } | undefined)?.roles ?? [];

export const { issuer } = stack;

/** The answer of the authorization endpoint to a browser that llm-api sent there. */
export function openSignInPage(query: Record<string, string>): Promise<Response> {
  const all = new URLSearchParams({ client_id: 'llm-api', response_type: 'code', ...query });
  return fetch(`${realmUrl}/protocol/openid-connect/auth?${all.toString()}`, { redirect: 'manual' });
}
