import { testStack } from './stack.js';

interface KeycloakAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** Keycloak's Admin API as an administrator of the realm uses it: what auth-api must notice. */
export class KeycloakAdmin {
  private token: { value: string; expiresAt: number } | undefined;

  /** @param realm that of the users if not said */
  constructor(private readonly realm?: string) {}

  /** Status of the answer, and its JSON. */
  async request(method: string, path: string, body?: unknown): Promise<KeycloakAnswer> {
    const { realm } = testStack();
    return this.ask(method, `/${this.realm ?? realm}${path}`, body);
  }

  /** A realm of the test's own, deleted with the Keycloak. */
  static async createRealm(realm: string, representation: object): Promise<KeycloakAdmin> {
    const admin = new KeycloakAdmin(realm);
    const { status, body } = await admin.ask('POST', '', { realm, enabled: true, ...representation });
    if (status !== 201) throw new Error(`realm ${realm}: ${status} ${JSON.stringify(body)}`);
    return admin;
  }

  private async ask(method: string, path: string, body?: unknown): Promise<KeycloakAnswer> {
    const { keycloakUrl } = testStack();
    const response = await fetch(`${keycloakUrl}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.accessToken()}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      headers: response.headers,
    };
  }

  async setEnabled(userId: string, enabled: boolean): Promise<void> {
    await this.expect(204, 'PUT', `/users/${userId}`, { enabled });
  }

  /** Keycloak answers 409 while the same user is being written to, for example by the mirror of his keys: then again. */
  async deleteUser(userId: string): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt++)
      if ((await this.request('DELETE', `/users/${userId}`)).status !== 409) break;
    if ((await this.user(userId)) !== undefined) throw new Error(`user ${userId} could not be deleted`);
  }

  async user(userId: string): Promise<Record<string, unknown> | undefined> {
    const { status, body } = await this.request('GET', `/users/${userId}`);
    return status === 404 ? undefined : (body as Record<string, unknown>);
  }

  async groups(userId: string): Promise<string[]> {
    const { body } = await this.request('GET', `/users/${userId}/groups`);
    return (body as { name: string }[]).map(({ name }) => name).sort();
  }

  async realmRoles(userId: string): Promise<string[]> {
    const { body } = await this.request('GET', `/users/${userId}/role-mappings/realm/composite`);
    return (body as { name: string }[]).map(({ name }) => name).sort();
  }

  async grantRole(userId: string, role: string): Promise<void> {
    const { body } = await this.request('GET', `/roles/${role}`);
    await this.expect(204, 'POST', `/users/${userId}/role-mappings/realm`, [body]);
  }

  async revokeRole(userId: string, role: string): Promise<void> {
    const { body } = await this.request('GET', `/roles/${role}`);
    await this.expect(204, 'DELETE', `/users/${userId}/role-mappings/realm`, [body]);
  }

  private async expect(status: number, method: string, path: string, body?: unknown): Promise<void> {
    const answer = await this.request(method, path, body);
    if (answer.status !== status)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  private async accessToken(): Promise<string> {
    if (this.token !== undefined && Date.now() < this.token.expiresAt) return this.token.value;
    const { keycloakUrl, keycloakAdmin } = testStack();
    const response = await fetch(`${keycloakUrl}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...keycloakAdmin }),
    });
    if (!response.ok) throw new Error(`admin login: ${response.status}`);
    const { access_token: value, expires_in: seconds } = (await response.json()) as {
      access_token: string;
      expires_in: number;
    };
    this.token = { value, expiresAt: Date.now() + (seconds - 10) * 1000 };
    return value;
  }
}
