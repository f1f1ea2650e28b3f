import { createPublicKey, type JsonWebKey, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { KeycloakAdmin } from './keycloak-admin.js';
import { newStranger, type Stranger } from './keycloak-person.js';
import { rememberSecrets } from './secrets-ledger.js';
import { testStack } from './stack.js';

/** A signing key of the realm. */
export interface RealmKey extends RealmKeyControls {
  readonly kid: string;
  /** In PEM, as Kong's own jwt plugin wants it. */
  readonly publicKey: string;
}

/** What an administrator does with a key. */
export interface RealmKeyControls {
  /** Tokens are signed with the key of the highest priority. */
  setPriority(priority: number): Promise<void>;
  /** Its tokens are refused from now on, and it is published no more. */
  disable(): Promise<void>;
  enable(): Promise<void>;
  remove(): Promise<void>;
}

/** As Keycloak's Admin API tells it. */
export interface KeyMetadata {
  readonly kid: string;
  readonly providerId: string;
  readonly providerPriority: number;
  readonly status: 'ACTIVE' | 'PASSIVE' | 'DISABLED';
  readonly algorithm: string;
}

type RealmSecrets = Readonly<Record<string, string>>;

/** What of the file this looks at. */
interface Realm {
  readonly clients: readonly object[];
  readonly users: readonly object[];
  readonly clientScopeMappings: { readonly 'realm-management': readonly object[] };
}

const OURS = 'keycloak/realm-jan.json';
/** As KEYCLOAK_REALM_ADMIN_CLIENT_ID has it if nobody says otherwise. */
const REALM_ADMIN = 'realm-admin';
const REALM_ADMIN_ACCOUNT = {
  username: `service-account-${REALM_ADMIN}`,
  enabled: true,
  serviceAccountClientId: REALM_ADMIN,
  clientRoles: { 'realm-management': ['manage-realm'] },
};

function realmAdmin(secret: string): object {
  return {
    clientId: REALM_ADMIN,
    secret,
    publicClient: false,
    serviceAccountsEnabled: true,
    standardFlowEnabled: false,
    fullScopeAllowed: false,
  };
}

/** A realm whose keys a test may change without refusing anybody else's tokens. Its client is llm-api, as in ours. */
export class OwnRealm {
  private constructor(
    readonly name: string,
    private readonly admin: KeycloakAdmin,
    private readonly secrets: RealmSecrets = {},
  ) {}

  /** As the realm that we ship, so that an auth-api can work with it; and with a client that may change the realm. */
  static async createLikeOurs(): Promise<OwnRealm> {
    const name = `own-${randomUUID().slice(0, 8)}`;
    const secrets = {
      KEYCLOAK_BACKEND_CLIENT_SECRET: randomBytes(24).toString('base64url'),
      KEYCLOAK_GUEST_CLIENT_SECRET: randomBytes(24).toString('base64url'),
      KEYCLOAK_REALM_ADMIN_CLIENT_SECRET: randomBytes(24).toString('base64url'),
    };
    rememberSecrets(secrets);
    const file = Object.entries(secrets)
      .reduce(
        (text, [variable, secret]) => text.replaceAll(`\${${variable}}`, secret),
        readFileSync(OURS, 'utf8'),
      )
      // Ids of flows are unique over all realms.
      .replaceAll('"flow-guest-', `"flow-${name}-`);
    const ours = JSON.parse(file) as Realm;
    const admin = await KeycloakAdmin.createRealm(name, {
      ...ours,
      realm: name,
      clients: [...ours.clients, realmAdmin(secrets.KEYCLOAK_REALM_ADMIN_CLIENT_SECRET)],
      users: [...ours.users, REALM_ADMIN_ACCOUNT],
      clientScopeMappings: {
        'realm-management': [
          ...ours.clientScopeMappings['realm-management'],
          { client: REALM_ADMIN, roles: ['manage-realm'] },
        ],
      },
    });
    return new OwnRealm(name, admin, secrets);
  }

  /** Settings of an auth-api that works with this realm; it may rotate its keys. */
  authApi(): Record<string, string> {
    const { KEYCLOAK_REALM, KEYCLOAK_ISSUER } = this.topology();
    return { ...this.secrets, KEYCLOAK_REALM: KEYCLOAK_REALM ?? '', KEYCLOAK_ISSUER: KEYCLOAK_ISSUER ?? '' };
  }

  /** One with the role admin. */
  async administrator(): Promise<Stranger> {
    const person = await this.person();
    await this.admin.grantRole(person.id, 'admin');
    return person;
  }

  /** What an administrator of Keycloak sees of its RS256 keys. */
  async keys(): Promise<readonly KeyMetadata[]> {
    const { body } = await this.admin.request('GET', '/keys');
    return (body as { keys: KeyMetadata[] }).keys.filter(({ algorithm }) => algorithm === 'RS256');
  }

  /** Takes its roles from the client that may change the realm. */
  async disarmRealmAdmin(): Promise<void> {
    const { body } = await this.admin.request(
      'GET',
      `/users?username=service-account-${REALM_ADMIN}&exact=true`,
    );
    const [{ id }] = body as [{ id: string }];
    const { body: clients } = await this.admin.request('GET', '/clients?clientId=realm-management');
    const [client] = clients as [{ id: string }];
    const path = `/users/${id}/role-mappings/clients/${client.id}`;
    const { body: roles } = await this.admin.request('GET', path);
    await this.admin.request('DELETE', path, roles);
  }

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
  async addKey(priority: number, name = `rsa-${priority}`): Promise<RealmKey> {
    const before = await this.publicKeys();
    const component = {
      name,
      providerId: 'rsa-generated',
      providerType: 'org.keycloak.keys.KeyProvider',
      config: { priority: [String(priority)], enabled: ['true'], active: ['true'], algorithm: ['RS256'], keySize: ['2048'] },
    }; // prettier-ignore
    const { status, headers } = await this.admin.request('POST', '/components', component);
    if (status !== 201) throw new Error(`add key: ${status}`);
    const added = [...(await this.publicKeys())].find(([kid]) => !before.has(kid));
    if (added === undefined) throw new Error('the new key is not in JWKS');
    const [kid, publicKey] = added;
    const id = headers.get('location')?.split('/').at(-1) ?? '';
    return { kid, publicKey, ...this.controlsOf(id) };
  }

  /** One that the test did not add. */
  async keyOf(kid: string): Promise<RealmKeyControls> {
    const found = (await this.keys()).find((key) => key.kid === kid);
    if (found === undefined) throw new Error(`the realm has no key ${kid}`);
    return this.controlsOf(found.providerId);
  }

  private controlsOf(providerId: string): RealmKeyControls {
    const path = `/components/${providerId}`;
    const change = async (wanted: Record<string, string[]>) => {
      const { body } = await this.admin.request('GET', path);
      const { config, ...rest } = body as { config: Record<string, string[]> };
      const { status } = await this.admin.request('PUT', path, { ...rest, config: { ...config, ...wanted } });
      if (status !== 204) throw new Error(`change key: ${status}`);
    };
    return {
      setPriority: (wanted) => change({ priority: [String(wanted)] }),
      disable: () => change({ enabled: ['false'] }),
      enable: () => change({ enabled: ['true'] }),
      remove: async () => void (await this.admin.request('DELETE', path)),
    };
  }
}
