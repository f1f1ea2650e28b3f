import { defineProblem } from '#problem';

export const SessionNeeded = defineProblem({
  type: 'users/session-needed',
  status: 403,
  title: 'Sign in for this',
  detail: 'This needs a signed-in session: send an access token, not an API key.',
  help: 'Some endpoints are for the person, not for programs that hold one of his keys.',
});

export const GuestMayNot = defineProblem<{ what: string }>({
  type: 'users/guest-may-not',
  status: 403,
  title: 'Not for guests',
  detail: ({ what }) =>
    `Guests cannot ${what}. Upgrade first: POST /auth/upgrade with a username and an e-mail.`,
  extensions: () => ({ upgrade: { method: 'POST', href: '/auth/upgrade' } }),
  help: 'A guest becomes a registered user by POST /auth/upgrade and keeps his id, tokens and data.',
});
