import { defineProblem } from '#problem';

export const KongUnavailable = defineProblem<{ failure: string }>({
  type: 'kong/unavailable',
  status: 503,
  title: 'Kong cannot be asked',
  detail: ({ failure }) =>
    `Kong's Admin API could not be asked: ${failure}. Nothing is lost; it is made what it should be as soon as it answers.`,
  headers: () => ({ 'retry-after': '5' }),
  help: 'The Admin API of KONG_ADMIN_URLS does not answer, or refuses us. GET /kong/status says what waits for it.',
});

export const NoKong = defineProblem({
  type: 'kong/none',
  status: 409,
  title: 'There is no Kong to keep',
  detail: 'This service was started without KONG_ADMIN_URLS, so there is nothing to compare or synchronise.',
  help: 'Set KONG_ADMIN_URLS to the Admin API of every Kong node and start auth-api anew.',
});
