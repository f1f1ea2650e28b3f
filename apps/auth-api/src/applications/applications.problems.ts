import { defineProblem } from '#problem';

export const ApplicationNotFound = defineProblem({
  type: 'applications/not-found',
  status: 404,
  title: 'No such application',
  detail: 'You have no application with this id. GET /applications lists yours.',
  help: 'The same answer for an application that does not exist and for one of another person.',
});

export const ApplicationIdTaken = defineProblem<{ id: string }>({
  type: 'applications/id-taken',
  status: 409,
  title: 'Application id taken',
  detail: ({ id }) => `There is an application "${id}" already. Choose another id.`,
  help: 'Ids of applications are unique over all people. Of several requests for one id at the same moment one wins.',
});

export const ApplicationLimitReached = defineProblem<{ limit: number }>({
  type: 'applications/limit-reached',
  status: 409,
  title: 'Application limit reached',
  detail: ({ limit }) =>
    `You have ${limit} applications, which is the most one person may have. Delete one first.`,
  extensions: ({ limit }) => ({ limit }),
  help: 'DELETE /applications/{id} deletes one, with its subscriptions. APPLICATIONS_MAX_PER_USER sets the limit.',
});

export const SubscriptionNotFound = defineProblem({
  type: 'applications/subscription-not-found',
  status: 404,
  title: 'No such subscription',
  detail:
    'The application has no subscription with this id. GET /applications/{id}/subscriptions lists them.',
  help: 'It does not exist, was deleted, or belongs to another application.',
});

export const SubscribedAlready = defineProblem<{ api: string }>({
  type: 'applications/subscribed-already',
  status: 409,
  title: 'Subscribed already',
  detail: ({ api }) =>
    `The application has a subscription to "${api}". Delete it to have another kind or plan.`,
  help: 'An application has at most one subscription to an API, whatever its state.',
});

/** RFC 6749 §3.1.2.2: clients of the implicit grant must register theirs. */
export const RedirectUriNeeded = defineProblem({
  type: 'applications/redirect-uri-needed',
  status: 409,
  title: 'Redirect URI needed',
  detail: 'The implicit flow needs a redirect_uri. Give the application one: PATCH /applications/{id}.',
  help: 'Tokens of the implicit flow are sent to the redirect URI, so it must be known (RFC 6749 §3.1.2.2).',
});

export const OwnerOnly = defineProblem({
  type: 'applications/owner-only',
  status: 403,
  title: 'For the owner',
  detail: 'Only the owner of the application may read its credentials.',
  help: 'Administrators see applications and subscriptions but not their keys and client secrets.',
});

export const NoCredentials = defineProblem<{ why: string }>({
  type: 'applications/no-credentials',
  status: 409,
  title: 'No credentials',
  detail: ({ why }) => `The subscription has no credentials: ${why}.`,
  help: 'Approved subscriptions with key-auth or oauth2-client-credentials have credentials. In the implicit flow end users are let in: POST /oauth2/register.',
});

export const NoImplicitSubscription = defineProblem<{ api: string }>({
  type: 'applications/no-implicit-subscription',
  status: 409,
  title: 'No implicit subscription',
  detail: ({ api }) =>
    `The application has no approved subscription to "${api}" with oauth2-implicit, so it can have no end users there.`,
  help: 'POST /applications/{id}/subscriptions with auth oauth2-implicit first; its plan may need an approval.',
});

export const CustomIdTaken = defineProblem({
  type: 'applications/custom-id-taken',
  status: 409,
  title: 'custom_id taken',
  detail: 'Another consumer has this custom_id. Send one of its own for each person and API, or none.',
  help: 'Kong keeps custom_id unique over all consumers, and a person is one consumer for each API.',
});
