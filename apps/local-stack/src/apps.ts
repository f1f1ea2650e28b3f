import type { GivenSecret, SecretName } from './secrets.js';

/** A service of ours as the stack sees it. */
export interface AppDescription {
  readonly name: string;
  /** Compiled entry file, from the root of the checkout. */
  readonly entry: string;
  /** Defaults; `<NAME>_PORT` and `<NAME>_INTERNAL_PORT` in the environment win (AUTH_API_PORT). */
  readonly port: number;
  readonly internalPort: number;
  /** Answers 200 when the service can do its work. */
  readonly readyPath: string;
  /** Secrets it is given besides its own GATEWAY_IDENTITY_KEY. Never GATEWAY_SECRET. */
  readonly secrets: readonly Exclude<SecretName, 'GATEWAY_SECRET'>[];
  /** Secrets that it is given where a person has set them; no other part is. */
  readonly given?: readonly GivenSecret[];
  /** Other apps that it calls: it is told their addresses, and their identity keys by name (LLM_API_IDENTITY_KEY). */
  readonly calls?: readonly string[];
  /** Its database in our server; `gatehouse` is the one that DATABASE_URL names, where that is set. */
  readonly database?: string;
  /** A setting that gets the path of a folder of its own, below the stack's. */
  readonly folderSetting?: string;
  /** Printed at the end, for a newcomer to paste; `{url}` is the address. */
  readonly firstCall?: string;
}

/** Started together. */
export const APPS: readonly AppDescription[] = [
  {
    name: 'auth-api',
    entry: 'dist/apps/auth-api/src/main.js',
    port: 8080,
    internalPort: 9080,
    readyPath: '/readyz',
    database: 'gatehouse',
    secrets: [
      'CREDENTIAL_KEY',
      'GATEWAY_CALL_SECRET',
      'KEYCLOAK_BACKEND_CLIENT_SECRET',
      'KEYCLOAK_GUEST_CLIENT_SECRET',
    ],
    given: [
      'CREDENTIAL_KEY_PREVIOUS',
      'GATEWAY_CALL_SECRET_PREVIOUS',
      'KEYCLOAK_REALM_ADMIN_CLIENT_SECRET',
      'KONG_ADMIN_TOKEN',
    ],
    firstCall: 'curl -X POST {url}/auth/guest-login',
  },
  {
    name: 'llm-api',
    entry: 'dist/apps/llm-api/src/main.js',
    port: 8081,
    internalPort: 9081,
    readyPath: '/readyz',
    secrets: [],
    given: ['LLM_PROVIDER_KEY', 'LLM_PROVIDER_KEYS'],
  },
  {
    name: 'media-api',
    entry: 'dist/apps/media-api/src/main.js',
    port: 8285,
    internalPort: 9285,
    readyPath: '/readyz',
    folderSetting: 'MEDIA_FOLDER',
    secrets: [],
    given: ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'],
  },
  {
    name: 'response-api',
    entry: 'dist/apps/response-api/src/main.js',
    port: 8082,
    internalPort: 9082,
    readyPath: '/readyz',
    database: 'responses',
    calls: ['llm-api'],
    secrets: [],
  },
  {
    name: 'mcp-tools',
    entry: 'dist/apps/mcp-tools/src/main.js',
    port: 8091,
    internalPort: 9091,
    readyPath: '/readyz',
    calls: ['llm-api', 'media-api'],
    secrets: [],
  },
  {
    name: 'echo-api',
    entry: 'dist/apps/echo-api/src/main.js',
    port: 8090,
    internalPort: 9090,
    readyPath: '/healthz',
    secrets: [],
  },
];
