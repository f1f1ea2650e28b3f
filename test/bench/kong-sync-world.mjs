// What both sides of `npm run bench:kong-sync` make of a gateway.
import { fileURLToPath } from 'node:url';

/** A module of the build. */
export const built = (path) => import(fileURLToPath(new URL(`../../dist/${path}.js`, import.meta.url)));
const { entityId } = await built('libs/config/src/index');

export const REALM = 'bench';
export const TAG = 'managed-by:gatehouse';

/**
 * A consumer with a key.
 *
 * @param {number} at the same for the same number
 * @param {string} [change] gives it another key
 */
export function consumerAt(at, change = '') {
  const key = `bench-key-${at}${change}`;
  return {
    id: entityId('consumer', REALM, `bench:${at}`),
    username: `bench-${at}`,
    tags: ['bench'],
    key,
    keyId: entityId('credential', REALM, `bench:${key}`),
  };
}

/** In Kong's declarative format, which is what the peer reads. */
export function declarative(consumers) {
  return JSON.stringify({
    _format_version: '3.0',
    _info: { select_tags: [TAG] },
    consumers: consumers.map(({ key, keyId, ...consumer }) => ({
      ...consumer,
      keyauth_credentials: [{ id: keyId, key }],
    })),
  });
}
