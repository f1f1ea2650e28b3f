import { challenge } from '#principal';
import { defineProblem } from '#problem';

export const LoginRefused = defineProblem<{ realm: string }>({
  type: 'auth/login-refused',
  status: 401,
  title: 'Login refused',
  detail:
    'Username or password is not right, or the account may not sign in. After several failures wait a minute.',
  headers: ({ realm }) => ({ 'www-authenticate': challenge(realm) }),
  help: 'The same answer for a wrong password, an unknown user and a disabled account, so that nobody learns which names exist. Repeated failures lock an account for a while (brute-force protection of the realm).',
});

export const RefreshRefused = defineProblem<{ realm: string }>({
  type: 'auth/refresh-refused',
  status: 401,
  title: 'Refresh token refused',
  detail: 'This refresh token is expired, was signed out, or is not one of ours. Sign in again.',
  headers: ({ realm }) => ({ 'www-authenticate': challenge(realm, { error: 'invalid_token' }) }),
  help: 'Sessions last at most 24 hours and end at logout, or when the account is disabled.',
});

export const MailNotSetUp = defineProblem({
  type: 'auth/mail-not-set-up',
  status: 404,
  title: 'Mail is not set up',
  detail: 'This installation cannot send mail, so addresses cannot be confirmed here.',
  help: "Set the realm's SMTP server in Keycloak and SMTP_CONFIGURED=true.",
});
