import { randomUUID } from 'node:crypto';
import { PASSWORD_MARK } from './client.js';
import type { KeycloakAdmin } from './keycloak-admin.js';
import { testStack } from './stack.js';

/** Somebody whom an administrator made in Keycloak, and of whom auth-api has never heard. */
export interface Stranger {
  readonly id: string;
  /** A new access token, by direct grant of client llm-api. */
  token(): Promise<string>;
}

export async function newStranger(admin: KeycloakAdmin, realm = testStack().realm): Promise<Stranger> {
  const username = `s-${randomUUID().slice(0, 13)}`;
  const password = `${PASSWORD_MARK}-${randomUUID()}`;
  const { status, headers, body } = await admin.request('POST', '/users', {
    username,
    email: `${username}@example.com`,
    firstName: 'Some',
    lastName: 'Body',
    enabled: true,
    emailVerified: true,
    credentials: [{ type: 'password', value: password, temporary: false }],
  });
  if (status !== 201) throw new Error(`create ${username}: ${status} ${JSON.stringify(body)}`);
  const id = headers.get('location')?.split('/').at(-1) ?? '';
  return { id, token: () => tokenOf(realm, username, password) };
}

async function tokenOf(realm: string, username: string, password: string): Promise<string> {
  const { keycloakUrl } = testStack();
  const response = await fetch(`${keycloakUrl}/realms/${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'llm-api', username, password }),
  });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer.access_token;
}
