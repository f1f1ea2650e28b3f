import { defineProblem } from '#problem';

/**
 * What the gateway's plugins answer themselves: declared here so that each has its page. The words are those of
 * kong/plugins/gatehouse/failures.lua; a test holds the two together.
 */
export const GATEWAY_PROBLEMS = [
  defineProblem({
    type: 'gateway/validation-unavailable',
    status: 503,
    title: 'API keys cannot be checked',
    detail: 'This API key cannot be checked at the moment. Try again in a few seconds.',
    help: 'The gateway has no recent verdict on this key and auth-api does not answer its question. A client waits for `Retry-After`. An operator looks at auth-api and at `validation_url`.',
  }),
  defineProblem({
    type: 'gateway/too-many-unknown-keys',
    status: 429,
    title: 'Too many unknown API keys',
    detail:
      'Too many different API keys came from this address within a minute. Check the key, and try again later.',
    help: 'Each key that looks right and is unknown costs a question to auth-api, so an address has a budget for them (`unknown_per_minute`). Known keys from the same address work on.',
  }),
  defineProblem({
    type: 'gateway/hourly-limit',
    status: 429,
    title: 'Too many requests this hour',
    detail: 'You have used up the requests of this hour. Try again in the next one.',
    help: 'A limit over all services, per user and per API key, beside the limit per minute of each route (`hourly_limit`). `Retry-After` says when the next hour begins.',
  }),
  defineProblem({
    type: 'gateway/not-configured',
    status: 503,
    title: 'Gateway not ready',
    detail: 'The gateway cannot vouch for callers at the moment. Try again later.',
    help: 'The gateway has no `GATEWAY_SECRET`, or a route lacks one of the three plugins, so that a credential was looked at by nobody. Nobody is let in. Kong’s error log says which.',
  }),
] as const;
