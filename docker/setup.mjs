// Writes docker/.env, which compose.yaml is filled in from: what is missing is made, what is there is kept, also lines of
// yours. Needs a build. `node docker/setup.mjs [FILE]`
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { completeSecrets, identityKey } from '../dist/apps/local-stack/src/secrets.js';

/** Only containers have these; `make up` has one database user and no Grafana. */
const PASSWORDS = [
  'GATEHOUSE_DATABASE_PASSWORD',
  'RESPONSES_DATABASE_PASSWORD',
  'KEYCLOAK_DATABASE_PASSWORD',
  'KONG_DATABASE_PASSWORD',
  'GRAFANA_ADMIN_PASSWORD',
];
/** Each gets only the key that is derived for it. */
const SERVICES = ['auth-api', 'llm-api', 'response-api', 'media-api', 'mcp-tools'];

const file = process.argv[2] ?? join(import.meta.dirname, '.env');
const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
const stored = parseEnv(before);
const { secrets, toStore } = completeSecrets(stored, process.env, true);
const wanted = {
  ...toStore,
  ...Object.fromEntries(
    PASSWORDS.map((name) => [name, stored[name] ?? randomBytes(24).toString('base64url')]),
  ),
  ...derivedKeys(secrets.GATEWAY_SECRET, ''),
  ...derivedKeys(stored.GATEWAY_SECRET_PREVIOUS, '_PREVIOUS'),
};

const isKept = (line) =>
  line !== '' && !(lineName(line) in wanted) && !/_IDENTITY_KEY(_PREVIOUS)?$/.test(lineName(line));
const kept = before.split('\n').filter(isKept);
const header =
  before === ''
    ? ['# Secrets of the containers, made by docker/setup.mjs. Keep them: data depends on them.']
    : [];
const lines = [...header, ...kept, ...Object.entries(wanted).map(([name, value]) => `${name}=${value}`)];
writeFileSync(`${file}.new`, `${lines.join('\n')}\n`, { mode: 0o600 });
chmodSync(`${file}.new`, 0o600);
renameSync(`${file}.new`, file);

/** `LLM_API_IDENTITY_KEY` and so on; those of the secret before are accepted too while the services are told the new one. */
function derivedKeys(secret, suffix) {
  if (!secret) return {};
  const nameOf = (service) => `${service.toUpperCase().replaceAll('-', '_')}_IDENTITY_KEY${suffix}`;
  return Object.fromEntries(SERVICES.map((service) => [nameOf(service), identityKey(secret, service)]));
}

function lineName(line) {
  return line.split('=')[0].trim();
}
