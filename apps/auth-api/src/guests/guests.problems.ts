import { defineProblem, type FieldFault } from '#problem';

export const NotAGuest = defineProblem({
  type: 'guests/not-a-guest',
  status: 409,
  title: 'Not a guest',
  detail: 'This account is registered already; there is nothing to upgrade.',
  help: 'POST /auth/upgrade is for guests. Of several upgrades at once one wins, the others get this answer.',
});

/** 400 and not 409, as the source document asks; `errors` names the field, so that a form can show it there. */
export const NameTaken = defineProblem<{ errors: readonly FieldFault[] }>({
  type: 'guests/name-taken',
  status: 400,
  title: 'Username or e-mail taken',
  detail: ({ errors }) => errors.map(({ field, detail }) => `${field}: ${detail}`).join('; '),
  extensions: ({ errors }) => ({ errors }),
  help: 'Another account has this username or e-mail. The guest stays a guest; try another one.',
});

export const TooManyGuests = defineProblem({
  type: 'guests/too-many',
  status: 429,
  title: 'Too many guests',
  detail: 'Too many guests were made from your address today. Sign in, or try again tomorrow.',
  headers: () => ({ 'retry-after': '3600' }),
  help: 'A daily limit per address keeps one client from filling the realm with guests.',
});
