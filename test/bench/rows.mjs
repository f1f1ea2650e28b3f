import {
  forgetCreatedKeys,
  FreshKeys,
  gatewayIdentity,
  KeycloakAlone,
  mistypedKeys,
  newCreators,
  newMembers,
  range,
  unknownKeys,
  validation,
} from './world.mjs';

const CONNECTIONS = 10;
/** Enough fresh keys for one connection and second that none is asked for twice. */
const FRESH_KEYS_PER_SECOND = 900;
const GUESTS_PER_SECOND = 40;

/**
 * @typedef {object} Side one of the two that a row compares
 * @property {string} title
 * @property {import('./servers.mjs').Server | { url: string }} server
 * @property {(seconds: number) => Promise<import('./offer.mjs').Request[][]> | import('./offer.mjs').Request[][]} requests
 *   for each connection
 * @property {number[]} expected statuses
 * @property {number} [steps] requests that count as one
 *
 * @typedef {object} Row
 * @property {string} name for `--only`
 * @property {string} goal of DESIGN.md, section 7
 * @property {Side} ours
 * @property {Side} baseline
 * @property {() => Promise<void>} [after] cleans up after each round of ours
 */

/** Everything that is measured. @returns {Promise<Row[]>} */
export async function allRows({ api, bare, stack, databaseUrl }) {
  const members = await newMembers(api, CONNECTIONS);
  const creators = await newCreators(api, 32);
  const keycloak = new KeycloakAlone(stack);
  const fresh = new FreshKeys(databaseUrl);

  const validations = (keys, path) =>
    chunks(keys.map((key) => ({ ...validation(key), ...(path && { path }) })));
  const ofMembers = (request) => members.map((member) => [request(member)]);
  const me = (headers) =>
    ofMembers((member) => ({ method: 'GET', path: '/auth/me', headers: headers(member) }));
  const bearer = ({ token }) => ({ authorization: `Bearer ${token}` });

  const validating = (name, title, goal, status, source, barePath) => ({
    name,
    goal,
    ours: {
      title: `${title}, c=10`,
      server: api,
      expected: [status],
      requests: async (seconds) => validations(await source(seconds)),
    },
    baseline: {
      title: barePath === '/sql' ? 'bare server, one SELECT' : 'bare server, a Map',
      server: bare,
      expected: [status],
      requests: async (seconds) => validations(await source(seconds), barePath),
    },
  });
  const bareMap = {
    title: 'bare server, a Map',
    server: bare,
    expected: [200],
    requests: () => ofMembers((member) => ({ method: 'GET', path: '/map', headers: bearer(member) })),
  };
  const meRow = (name, how, goal, headers) => ({
    name,
    goal,
    ours: { title: `me by ${how}, c=10`, server: api, expected: [200], requests: () => me(headers) },
    baseline: bareMap,
  });

  await teach(bare, api, members);
  const [mistyped, unknown] = [mistypedKeys(2000), unknownKeys(2000)];
  return [
    validating(
      'validate-uncached',
      'validate a key, uncached',
      'over 3,500/s, p99 under 10 ms',
      200,
      (seconds) => fresh.take(CONNECTIONS * seconds * FRESH_KEYS_PER_SECOND),
      '/sql',
    ),
    validating(
      'validate-cached',
      'validate a key, cached',
      'over 9,000/s, p99 under 10 ms',
      200,
      () => members.map(({ key }) => key),
      '/map',
    ),
    validating('validate-checksum', 'validate a mistyped key', 'over 9,000/s', 401, () => mistyped, '/map'),
    validating('validate-unknown', 'validate an unknown key', '', 401, () => unknown, '/sql'),
    meRow('me-jwt', 'JWT', '2,700/s or more', bearer),
    meRow('me-key', 'API key', '', ({ key }) => ({ 'x-api-key': key })),
    meRow('me-gateway', 'gateway identity', '', (member) => ({
      'x-gateway-identity': gatewayIdentity(member),
    })),
    {
      name: 'public',
      goal: '',
      ours: {
        title: 'a public route (healthz), c=10',
        server: api,
        expected: [200],
        requests: () => range(CONNECTIONS, () => [{ method: 'GET', path: '/healthz' }]),
      },
      baseline: bareMap,
    },
    {
      name: 'create',
      goal: 'p50 under 15 ms',
      ours: {
        title: 'create a key, c=8',
        server: api,
        expected: [201],
        requests: () =>
          chunks(
            creators.map((creator) => ({
              method: 'POST',
              path: '/auth/api-keys',
              headers: { ...bearer(creator), 'content-type': 'application/json' },
              body: '{"name":"created"}',
            })),
            8,
          ),
      },
      baseline: {
        title: 'bare server, one INSERT',
        server: bare,
        expected: [201],
        requests: () => range(8, () => [{ method: 'POST', path: '/insert' }]),
      },
      after: () => forgetCreatedKeys(databaseUrl),
    },
    {
      name: 'guest-login',
      goal: 'over 70/s, at most two Keycloak calls',
      ours: {
        title: 'guest login, c=8',
        server: api,
        expected: [201],
        requests: () => range(8, () => [{ method: 'POST', path: '/auth/guest-login' }]),
      },
      baseline: {
        title: 'Keycloak alone, the same two calls',
        server: { url: keycloak.url },
        expected: [200, 201],
        steps: 2,
        requests: async (seconds) =>
          chunks(await keycloak.guestLogins(8 * seconds * GUESTS_PER_SECOND), 8, 2),
      },
    },
    {
      name: 'login',
      goal: '',
      ours: {
        title: 'login with a password, c=8',
        server: api,
        expected: [200],
        requests: () =>
          members.slice(0, 8).map(({ username, password }) => [
            {
              method: 'POST',
              path: '/auth/login',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ username, password }),
            },
          ]),
      },
      baseline: {
        title: 'Keycloak alone, the same call',
        server: { url: keycloak.url },
        expected: [200],
        requests: () => members.slice(0, 8).map((member) => [keycloak.login(member)]),
      },
    },
  ];
}

/** Deals a list out to connections; `unit` requests stay together. */
function chunks(list, connections = CONNECTIONS, unit = 1) {
  const size = Math.floor(list.length / connections / unit) * unit;
  return range(connections, (index) => list.slice(index * size, (index + 1) * size));
}

/** Gives the bare server the very answers of auth-api to look up: both send the same JSON. */
async function teach(bare, api, members) {
  const text = async ({ path, ...init }) => (await globalThis.fetch(api.url + path, init)).text();
  const answers = [['', await text(validation(mistypedKeys(1)[0]))]];
  for (const { key, token } of members) {
    const authorization = `Bearer ${token}`;
    answers.push([key, await text(validation(key))]);
    answers.push([authorization, await text({ path: '/auth/me', headers: { authorization } })]);
  }
  bare.learn(answers);
}
