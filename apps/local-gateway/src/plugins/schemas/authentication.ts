import type { Field } from '../../entities/field.js';
import { typedefs as t } from '../../entities/typedefs.js';
import { isTable, type Value } from '../../entities/value.js';
import type { PluginSchema } from './schema.js';

const string = { type: 'string' } as const;
const strings = (more: Partial<Field> = {}): Field => ({ type: 'array', elements: string, ...more });
const set = (preset: string[]): Field => ({ type: 'set', elements: string, default: preset });
const flag = (preset: boolean): Field => ({ type: 'boolean', required: true, default: preset });
const scoped = { consumer: t.no_consumer, protocols: t.protocols_http };

export const jwt: PluginSchema = {
  name: 'jwt',
  fields: {
    ...scoped,
    config: {
      type: 'record',
      required: true,
      fields: {
        uri_param_names: set(['jwt']),
        cookie_names: set([]),
        key_claim_name: { ...string, default: 'iss' },
        secret_is_base64: flag(false),
        claims_to_verify: { type: 'set', elements: { ...string, one_of: ['exp', 'nbf'] } },
        anonymous: string,
        run_on_preflight: flag(true),
        maximum_expiration: { type: 'number', default: 0, between: [0, 31_536_000] },
        header_names: set(['authorization']),
        realm: string,
      },
    },
  },
  entity_checks: [
    {
      conditional: {
        if_field: 'config.maximum_expiration',
        if_match: { gt: 0 },
        then_field: 'config.claims_to_verify',
        then_match: { contains: 'exp' },
      },
    },
  ],
};

export const keyAuth: PluginSchema = {
  name: 'key-auth',
  fields: {
    ...scoped,
    config: {
      type: 'record',
      required: true,
      fields: {
        key_names: { type: 'array', required: true, elements: t.header_name, default: ['apikey'] },
        hide_credentials: flag(false),
        anonymous: string,
        key_in_header: flag(true),
        key_in_query: flag(true),
        key_in_body: flag(false),
        run_on_preflight: flag(true),
        realm: string,
      },
    },
  },
};

export const acl: PluginSchema = {
  name: 'acl',
  fields: {
    ...scoped,
    config: {
      type: 'record',
      required: true,
      fields: {
        allow: strings(),
        deny: strings(),
        hide_groups_header: flag(false),
        always_use_authenticated_groups: flag(false),
      },
    },
  },
  entity_checks: [
    { only_one_of: ['config.allow', 'config.deny'] },
    { at_least_one_of: ['config.allow', 'config.deny'] },
  ],
};

const FLOWS = [
  'enable_authorization_code',
  'enable_implicit_grant',
  'enable_client_credentials',
  'enable_password_grant',
];

function checkFlows(config: Value): string | undefined {
  return isTable(config) && FLOWS.some((flow) => config[flow] === true)
    ? undefined
    : `at least one of these fields must be true: ${FLOWS.join(', ')}`;
}

export const oauth2: PluginSchema = {
  name: 'oauth2',
  fields: {
    ...scoped,
    config: {
      type: 'record',
      required: true,
      fields: {
        scopes: strings(),
        mandatory_scope: flag(false),
        provision_key: { ...string, unique: true, auto: true, required: true, encrypted: true },
        token_expiration: { type: 'number', default: 7200, required: true },
        enable_authorization_code: flag(false),
        enable_implicit_grant: flag(false),
        enable_client_credentials: flag(false),
        enable_password_grant: flag(false),
        hide_credentials: flag(false),
        accept_http_if_already_terminated: flag(false),
        anonymous: string,
        global_credentials: flag(false),
        auth_header_name: { ...string, default: 'authorization' },
        refresh_token_ttl: { ...t.ttl, default: 1_209_600, required: true },
        reuse_refresh_token: flag(false),
        pkce: { ...string, default: 'lax', one_of: ['none', 'lax', 'strict'] },
        realm: string,
      },
      custom_validator: checkFlows,
      entity_checks: [
        {
          conditional: {
            if_field: 'mandatory_scope',
            if_match: { eq: true },
            then_field: 'scopes',
            then_match: { required: true },
          },
        },
      ],
    },
  },
};
