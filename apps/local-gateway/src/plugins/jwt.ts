import { isTable, textOf } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import type { Exchange } from '../proxy/exchange.js';
import { type Exit, exitJson } from '../proxy/exit.js';
import { authenticate, isPreflightSkipped, setConsumer } from './authentication.js';
import type { Config, PluginHandler } from './handler.js';
import { claimFaults, isSignedWith, parseJwt } from './jwt-token.js';

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Where other plugins find the token that was verified. */
const TOKEN = 'authenticated_jwt_token';

export const jwtPlugin: PluginHandler = {
  name: 'jwt',
  version: '3.9.3',
  priority: 1450,
  access: async (exchange, { config }, gateway) => {
    if (isPreflightSkipped(exchange, config)) return;
    exchange.shared.set(TOKEN, undefined);
    await authenticate(exchange, config, gateway, () => judge(exchange, config, gateway));
  },
};

function judge(exchange: Exchange, config: Config, gateway: Gateway): Exit | undefined {
  const realm = typeof config['realm'] === 'string' ? ` realm="${config['realm']}"` : '';
  const refused = (body: unknown, challenge = ' error="invalid_token"') =>
    exitJson(401, body, { 'WWW-Authenticate': `Bearer${realm}${challenge}` });
  const refusedFor = (message: string) => refused({ message });

  const tokens = [...tokensOf(exchange, config)];
  const token = tokens[0];
  if (token === undefined) return refused({ message: 'Unauthorized' }, '');
  if (tokens.length > 1) return refusedFor('Multiple tokens provided');
  const jwt = parseJwt(token);
  if (typeof jwt === 'string') return refusedFor(`Bad token; ${jwt}`);
  const keyClaim = textOf(config['key_claim_name']);
  const key = jwt.claims[keyClaim] ?? jwt.header[keyClaim];
  if (key === undefined || key === null || key === false)
    return refusedFor(`No mandatory '${keyClaim}' in claims`);
  if (key === '') return refusedFor(`Invalid '${keyClaim}' in claims`);
  if (typeof key !== 'string') throw new Error('key must be a string or an entity table');
  const credential = gateway.dao.selectBy('jwt_secrets', 'key', key);
  if (!credential) return refusedFor(`No credentials found for given '${keyClaim}'`);
  const algorithm = textOf(credential['algorithm'] ?? 'HS256');
  if (jwt.header['alg'] !== algorithm) return refusedFor('Invalid algorithm');
  const isSymmetric = algorithm.startsWith('HS');
  const secret = credential[isSymmetric ? 'secret' : 'rsa_public_key'];
  if (typeof secret !== 'string') return refusedFor('Invalid key/secret');
  const material =
    isSymmetric && config['secret_is_base64'] === true ? Buffer.from(secret, 'base64') : secret;
  if (!isSignedWith(jwt, material)) return refusedFor('Invalid signature');
  const faults = claimFaults(jwt.claims, strings(config['claims_to_verify']));
  if (faults) return refused(faults);
  const maximum = Number(config['maximum_expiration']);
  const now = Math.floor(Date.now() / 1000);
  if (maximum > 0) {
    const exp = jwt.claims['exp'];
    if (typeof exp !== 'number' || exp - now > maximum)
      return refused({ exp: 'exceeds maximum allowed expiration' });
  }
  const owner = isTable(credential['consumer']) ? textOf(credential['consumer']['id']) : '';
  const consumer = gateway.dao.select('consumers', owner);
  if (!consumer) return exitJson(401, { message: `Could not find consumer for '${keyClaim}=${key}'` });
  setConsumer(exchange, consumer, credential, textOf(credential['key']));
  exchange.shared.set(TOKEN, token);
  return undefined;
}

/** Every different token of the query, the cookies and the first header of each name. */
function tokensOf(exchange: Exchange, config: Config): Set<string> {
  const tokens = new Set<string>();
  const query = new URLSearchParams(exchange.query);
  for (const name of strings(config['uri_param_names']))
    for (const value of query.getAll(name)) if (value) tokens.add(value);
  for (const name of strings(config['cookie_names'])) {
    const cookie = new RegExp(`(?:^|;\\s*)${name}=([^;]+)`).exec(
      exchange.clientHeaders.get('cookie') ?? '',
    )?.[1];
    if (cookie) tokens.add(cookie);
  }
  for (const name of strings(config['header_names'])) {
    const match = /\s*[Bb]earer\s+(.+)/.exec(exchange.headers.get(name) ?? '');
    if (match?.[1]) tokens.add(match[1]);
  }
  return tokens;
}
