import { createPublicKey, type JsonWebKey, randomUUID } from 'node:crypto';
import { KeycloakAdmin } from './keycloak-admin.js';
import { newStranger, type Stranger } from './keycloak-person.js';
import { testStack } from './stack.js';

/** A signing key of the realm, as an administrator handles it. */
export interface RealmKey {
  readonly kid: string;
  /** In PEM, as Kong's own jwt plugin wants it. */
  readonly publicKey: string;
  /** Tokens are signed with the key of the highest priority. */
  setPriority(priority: number): Promise<void>;
  remove(): Promise<void>;
}

/** A realm whose keys a test may change without refusing anybody else's tokens. Its client is llm-api, as in ours. */
export class OwnRealm {
  private constructor(
    readonly name: string,
    private readonly admin: KeycloakAdmin,
  ) {}

  static async create(): Promise<OwnRealm> {
    const name = `own-${randomUUID().slice(0, 8)}`;
    const audience = {
      name: 'audience',
      protocol: 'openid-connect',
      protocolMapper: 'oidc-audience-mapper',
      config: { 'included.custom.audience': 'llm-api', 'access.token.claim': 'true' },
    };
    const client = {
      clientId: 'llm-api',
      publicClient: true,
      directAccessGrantsEnabled: true,
      protocolMappers: [audience],
    };
    return new OwnRealm(name, await KeycloakAdmin.createRealm(name, { clients: [client] }));
  }

  /** Settings of a topology that believes this realm. */
  topology(keycloakUrl = testStack().keycloakUrl): Record<string, string> {
    const issuer = testStack().issuer.replace(/[^/]+$/, this.name);
    return { KEYCLOAK_REALM: this.name, KEYCLOAK_ISSUER: issuer, KEYCLOAK_URL: keycloakUrl };
  }

  person(): Promise<Stranger> {
    return newStranger(this.admin, this.name);
  }

  /** The public keys that tokens are verified with, by kid. */
  async publicKeys(): Promise<ReadonlyMap<string, string>> {
    const { keycloakUrl } = testStack();
    const response = await fetch(`${keycloakUrl}/realms/${this.name}/protocol/openid-connect/certs`);
    const { keys } = (await response.json()) as {
      keys: (JsonWebKey & { kid: string; alg: string })[];
    };
    const signing = keys.filter(({ alg }) => alg === 'RS256');
    return new Map(
      signing.map((jwk) => [
        jwk.kid,
        createPublicKey({ key: jwk, format: 'jwk' }).export({
          type: 'spki',
          format: 'pem',
        }) as string,
      ]),
    );
  }

  /** As Keycloak's console does: a provider of kind rsa-generated. */
  async addKey(priority: number): Promise<RealmKey> {
    const before = await this.publicKeys();
    const component = {
      name: `rsa-${priority}`,
      providerId: 'rsa-generated',
      providerType: 'org.keycloak.keys.KeyProvider',
      config: { priority: [String(priority)], enabled: ['true'], active: ['true'], algorithm: ['RS256'], keySize: ['2048'] },
    }; // prettier-ignore
    const { status, headers } = await this.admin.request('POST', '/components', component);
    if (status !== 201) throw new Error(`add key: ${status}`);
    const path = `/components/${headers.get('location')?.split('/').at(-1)}`;
    const added = [...(await this.publicKeys())].find(([kid]) => !before.has(kid));
    if (added === undefined) throw new Error('the new key is not in JWKS');
    const [kid, publicKey] = added;
    return {
      kid,
      publicKey,
      setPriority: async (wanted) => {
        const { body } = await this.admin.request('GET', path);
        const { config, ...rest } = body as { config: Record<string, string[]> };
        await this.admin.request('PUT', path, { ...rest, config: { ...config, priority: [String(wanted)] } });
      },
      remove: async () => void (await this.admin.request('DELETE', path)),
    };
  }
}
