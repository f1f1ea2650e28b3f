import { timingSafeEqual } from 'node:crypto';
import { randomKey } from '../entities/defaults.js';
import { kindNamed } from '../entities/kinds.js';
import { type Entity, isTable, textOf } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import type { Exchange } from '../proxy/exchange.js';
import { type Exit, exitJson } from '../proxy/exit.js';
import { readBody } from '../proxy/request-body.js';
import { authenticate, setConsumer } from './authentication.js';
import type { Config, PluginHandler } from './handler.js';

const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Client credentials and bearer tokens. The implicit, code and password grants say that they are not done here. */
export const oauth2Plugin: PluginHandler = {
  name: 'oauth2',
  version: '3.9.3',
  priority: 1400,
  access: async (exchange, { config }, gateway) => {
    const path = exchange.path.replace(/\/$/, '');
    const realm = typeof config['realm'] === 'string' ? ` realm="${config['realm']}"` : '';
    if (path.endsWith('/oauth2/token') || path.endsWith('/oauth2/authorize')) {
      const what = path.endsWith('token') ? 'token' : 'authorization';
      if (exchange.method !== 'POST')
        throw exitJson(
          405,
          {
            error: 'invalid_method',
            error_description: `The HTTP method ${exchange.method} is invalid for the ${what} endpoint`,
          },
          {
            'WWW-Authenticate': `Bearer${realm} error="invalid_method" error_description="The HTTP method ${exchange.method} is invalid for the ${what} endpoint"`,
          },
        );
      throw what === 'token'
        ? await issueToken(exchange, config, gateway, realm)
        : notDone(
            'The implicit and authorization code grants are not done by local-gateway: use a real Kong',
          );
    }
    await authenticate(exchange, config, gateway, () => judge(exchange, config, gateway, realm));
  },
};

const notDone = (description: string): Exit =>
  exitJson(501, { error: 'unsupported_response_type', error_description: description }, NO_STORE);

async function issueToken(
  exchange: Exchange,
  config: Config,
  gateway: Gateway,
  realm: string,
): Promise<Exit> {
  const refused = (status: number, error: string, description: string, challenge = '') =>
    exitJson(
      status,
      { error, error_description: description },
      { ...NO_STORE, ...(challenge ? { 'WWW-Authenticate': challenge } : {}) },
    );
  if (!isSecure(exchange, config)) return refused(400, 'access_denied', 'You must use HTTPS');
  const form = await parameters(exchange);
  const grant = form.get('grant_type') ?? '';
  if (
    ['authorization_code', 'password', 'refresh_token', 'implicit'].includes(grant) &&
    isEnabled(config, grant)
  )
    return notDone(
      `grant_type ${grant} is not done by local-gateway, only client_credentials: use a real Kong`,
    );
  if (grant !== 'client_credentials' || config['enable_client_credentials'] !== true)
    return refused(400, 'unsupported_grant_type', 'Invalid grant_type');
  const { id, secret, isBasic } = clientOf(exchange, form);
  const credential = id ? gateway.dao.selectBy('oauth2_credentials', 'client_id', id) : undefined;
  const challenge = isBasic
    ? `Basic realm="OAuth2.0"`
    : `Bearer${realm} error="invalid_client" error_description="Invalid client authentication"`;
  if (!credential || !isSame(textOf(credential['client_secret']), secret ?? ''))
    return refused(
      isBasic ? 401 : 400,
      'invalid_client',
      'Invalid client authentication',
      isBasic ? challenge : '',
    );
  const scope = scopesOf(form.get('scope'), config);
  if (typeof scope === 'object') return refused(400, 'invalid_scope', scope.fault);
  const userId = form.get('authenticated_userid');
  const provisioned = form.get('provision_key');
  if (userId !== null && provisioned !== config['provision_key'])
    return refused(400, 'invalid_provision_key', 'Invalid provision_key');
  const seconds = Number(config['token_expiration'] ?? 7200);
  const token = gateway.dao.isReadOnly
    ? undefined
    : gateway.dao.insert(
        kindNamed('oauth2_tokens'),
        {
          credential: { id: credential['id'] },
          service:
            config['global_credentials'] === true || !exchange.service
              ? null
              : { id: exchange.service['id'] },
          expires_in: seconds,
          access_token: randomKey(),
          authenticated_userid: userId,
          scope: scope || null,
        },
        { ttl: seconds > 0 ? seconds : undefined },
      );
  if (!token) return refused(500, 'server_error', 'oauth2 needs a database');
  return exitJson(
    200,
    { access_token: token['access_token'], expires_in: seconds, token_type: 'bearer' },
    NO_STORE,
  );
}

const isEnabled = (config: Config, grant: string) =>
  config[
    {
      authorization_code: 'enable_authorization_code',
      password: 'enable_password_grant',
      implicit: 'enable_implicit_grant',
    }[grant] ?? 'enable_authorization_code'
  ] === true;

function isSecure(exchange: Exchange, config: Config): boolean {
  return (
    config['accept_http_if_already_terminated'] === true &&
    exchange.clientHeaders.get('x-forwarded-proto') === 'https'
  );
}

async function parameters(exchange: Exchange): Promise<URLSearchParams> {
  const text = (await readBody(exchange)).toString();
  if ((exchange.clientHeaders.get('content-type') ?? '').startsWith('application/json'))
    try {
      return new URLSearchParams(JSON.parse(text) as Record<string, string>);
    } catch {
      return new URLSearchParams();
    }
  const form = new URLSearchParams(exchange.query);
  for (const [name, value] of new URLSearchParams(text)) form.set(name, value);
  return form;
}

function clientOf(exchange: Exchange, form: URLSearchParams) {
  const basic = /^\s*[Bb]asic\s+(.+)$/.exec(exchange.headers.get('authorization') ?? '')?.[1];
  if (form.has('client_id') || !basic)
    return { id: form.get('client_id'), secret: form.get('client_secret'), isBasic: false };
  const [id = '', ...rest] = Buffer.from(basic, 'base64').toString().split(':');
  return { id, secret: rest.join(':'), isBasic: true };
}

function scopesOf(asked: string | null, config: Config): string | { readonly fault: string } {
  const known = strings(config['scopes']);
  const scopes = (asked ?? '').split(/\s+/).filter((scope) => scope !== '');
  const invalid = scopes.find((scope) => !known.includes(scope));
  if (invalid !== undefined) return { fault: `"${invalid}" is an invalid scope` };
  if (scopes.length === 0 && config['mandatory_scope'] === true) return { fault: 'You must specify a scope' };
  return scopes.join(' ');
}

function judge(exchange: Exchange, config: Config, gateway: Gateway, realm: string): Exit | undefined {
  const refused = (error: string, description: string) =>
    exitJson(
      401,
      { error, error_description: description },
      {
        'WWW-Authenticate': `Bearer${realm} error="${error}" error_description="${description}"`,
      },
    );
  const token = bearerOf(exchange, config);
  if (token === undefined)
    return exitJson(
      401,
      { error: 'invalid_request', error_description: 'The access token is missing' },
      { 'WWW-Authenticate': `Bearer${realm}` },
    );
  const found = gateway.dao.selectBy('oauth2_tokens', 'access_token', token);
  const link = (value: Entity[string]) => (isTable(value) ? textOf(value['id']) : '');
  const service = link(found?.['service']);
  const credential = found && gateway.dao.select('oauth2_credentials', link(found['credential']));
  const consumer = credential && gateway.dao.select('consumers', link(credential['consumer']));
  const isElsewhere = service ? service !== exchange.service?.['id'] : config['global_credentials'] !== true;
  if (!found || !credential || !consumer || isElsewhere)
    return refused('invalid_token', 'The access token is invalid or has expired');
  const { expires_in: lives, created_at: since } = found;
  if (Number(lives) > 0 && Number(since) + Number(lives) < Date.now() / 1000)
    return refused('invalid_token', 'The access token is invalid or has expired');
  if (config['hide_credentials'] === true)
    exchange.headers.delete(textOf(config['auth_header_name'] ?? 'authorization'));
  setConsumer(exchange, consumer, credential, textOf(credential['client_id']));
  for (const [header, value] of [
    ['X-Authenticated-Scope', found['scope']],
    ['X-Authenticated-UserId', found['authenticated_userid']],
  ] as const)
    if (typeof value === 'string' && value !== '') exchange.headers.set(header, value);
    else exchange.headers.delete(header);
  return undefined;
}

function bearerOf(exchange: Exchange, config: Config): string | undefined {
  const header = exchange.headers.get(textOf(config['auth_header_name'] ?? 'authorization')) ?? '';
  return (
    /^\s*[Bb]earer\s+(.+)$/.exec(header)?.[1] ??
    new URLSearchParams(exchange.query).get('access_token') ??
    undefined
  );
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
