import { createPublicKey } from 'node:crypto';
import type { Field } from './field.js';
import type { Kind } from './kind.js';
import { typedefs as t } from './typedefs.js';
import { type Value, textOf } from './value.js';

const string = { type: 'string' } as const;
const owned: Field = { type: 'foreign', reference: 'consumers', required: true, on_delete: 'cascade' };
const secret: Field = { ...string, auto: true };
const base = { id: t.uuid, created_at: t.auto_timestamp_s } as const;
const hashSecret: Field = { type: 'boolean', required: true, default: false };

export const keyAuths: Kind = {
  name: 'keyauth_credentials',
  endpointKey: 'key',
  adminName: 'key-auths',
  nestedName: 'key-auth',
  ttl: true,
  fields: { ...base, consumer: owned, key: { ...secret, unique: true }, tags: t.tags },
};

function checkPublicKey(key: Value): string | undefined {
  try {
    createPublicKey(textOf(key));
    return undefined;
  } catch {
    return 'invalid key';
  }
}

const JWT_ALGORITHMS = [
  'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA',
]; // prettier-ignore

export const jwts: Kind = {
  name: 'jwt_secrets',
  endpointKey: 'key',
  adminName: 'jwts',
  nestedName: 'jwt',
  fields: {
    ...base,
    consumer: owned,
    key: { ...secret, unique: true },
    secret,
    rsa_public_key: string,
    algorithm: { ...string, default: 'HS256', one_of: JWT_ALGORITHMS },
    tags: t.tags,
  },
  entity_checks: [
    {
      conditional: {
        if_field: 'algorithm',
        if_match: {
          match_any: {
            patterns: ['^RS256$', '^RS384$', '^RS512$', '^PS256$', '^PS384$', '^PS512$', '^EdDSA$'],
          },
        },
        then_field: 'rsa_public_key',
        then_match: { required: true, custom_validator: checkPublicKey },
      },
    },
  ],
};

export const acls: Kind = {
  name: 'acls',
  uniqueTogether: ['consumer', 'group'],
  fields: { ...base, consumer: owned, group: { ...string, required: true }, tags: t.tags },
};

function checkRedirect(uri: Value): string | undefined {
  const match = /^[a-z][\w+.-]*:\/\/[^/?#]+[^#]*(#.*)?$/i.exec(textOf(uri));
  if (!match) return `cannot parse '${textOf(uri)}'`;
  return match[1] === undefined ? undefined : `fragment not allowed in '${textOf(uri)}'`;
}

export const oauth2: Kind = {
  name: 'oauth2_credentials',
  endpointKey: 'client_id',
  adminName: 'oauth2',
  fields: {
    ...base,
    consumer: owned,
    name: { ...string, required: true },
    client_id: { ...secret, unique: true },
    client_secret: { ...secret, encrypted: true },
    hash_secret: hashSecret,
    redirect_uris: { type: 'array', elements: { ...string, custom_validator: checkRedirect } },
    tags: t.tags,
    client_type: { ...string, required: true, default: 'confidential', one_of: ['confidential', 'public'] },
  },
};

export const oauth2Tokens: Kind = {
  name: 'oauth2_tokens',
  endpointKey: 'access_token',
  ttl: true,
  fields: {
    ...base,
    service: { type: 'foreign', reference: 'services', default: null, on_delete: 'cascade' },
    credential: { type: 'foreign', reference: 'oauth2_credentials', required: true, on_delete: 'cascade' },
    token_type: { ...string, required: true, one_of: ['bearer'], default: 'bearer' },
    expires_in: { type: 'integer', required: true },
    access_token: { ...secret, unique: true },
    refresh_token: { ...string, unique: true },
    authenticated_userid: string,
    scope: string,
  },
};
