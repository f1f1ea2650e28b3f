import { defineProblem } from '#problem';
import type { ConsumerOrigin } from './consumer.js';

export const EmailRegistered = defineProblem({
  type: 'consumers/email-registered',
  status: 409,
  title: 'E-mail already registered',
  detail:
    'A client is registered with this e-mail already. Use its key, or ask an administrator for a new one.',
  help: 'One client per e-mail, whatever its case. An administrator issues a new key by POST /consumers/{id}/keys, or ends the client by DELETE /consumers/{id}; then the e-mail is free again.',
});

export const IdempotencyKeyReused = defineProblem({
  type: 'consumers/idempotency-key-reused',
  status: 422,
  title: 'Idempotency-Key used for something else',
  detail:
    'This Idempotency-Key was sent with another body within the last 24 hours. Use a new one for each registration.',
  help: 'An Idempotency-Key stands for one request and its repetitions. Make a random one, such as a UUID, for each registration.',
});

export const RegistrationEnded = defineProblem({
  type: 'consumers/registration-ended',
  status: 409,
  title: 'Registration has ended',
  detail:
    'The client that this request made has been deleted since, or was given another key. Register again with a new Idempotency-Key, or ask an administrator.',
  help: 'A repeated request is answered with the key that it made. That key works no longer, so it is not shown again.',
});

export const ConsumerNotFound = defineProblem({
  type: 'consumers/not-found',
  status: 404,
  title: 'No such consumer',
  detail: 'There is no consumer with this id. GET /consumers lists all.',
  help: 'It was deleted, or never existed. Consumers that are not ours, such as those of the topology, are not listed.',
});

/** Where a consumer that is not a registered client comes from, and ends. */
const OWNER: Readonly<Record<ConsumerOrigin, string>> = {
  registration: 'It is a registered client.',
  user: "It carries one person's own limits: DELETE /admin/users/{id}/limits takes them away.",
  subscription:
    'It belongs to the subscription of an application: end that, see /applications/{id}/subscriptions.',
  'end-user':
    'It belongs to a person who uses an application: it ends with the subscription of that, see /applications/{id}/subscriptions.',
};

export const NotAClient = defineProblem<{ origin: ConsumerOrigin }>({
  type: 'consumers/not-a-client',
  status: 409,
  title: 'Not a registered client',
  detail: ({ origin }) => `This can be done here to registered clients only. ${OWNER[origin]}`,
  extensions: ({ origin }) => ({ origin }),
  help: 'A consumer ends where it was made: registered clients at /consumers, limits at /admin/users/{id}/limits, subscriptions at /applications. `origin` says which it is.',
});
