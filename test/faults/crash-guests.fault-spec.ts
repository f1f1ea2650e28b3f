import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, call, newGuest, type TestGuest } from '../support/client.js';
import type { RunningAuthApi } from '../support/auth-api.js';
import { CrashLane, type Outcome } from '../support/crash-lane.js';
import { crashEverywhere, expectAnswer, inRequest, settle } from '../support/crash-suite.js';
import { halfMadeGuests } from '../support/guest-ledger.js';
import { KeycloakAdmin } from '../support/keycloak-admin.js';

const LANES = 2;
const TEST_MS = 600_000;

const lanes: CrashLane[] = [];

const upgrade = (url: string, { accessToken: token }: TestGuest, username: string): Promise<Answer> =>
  call(url, 'POST', '/auth/upgrade', { token, body: { username, email: `${username}@example.com` } });

describe('a process killed at any step of', () => {
  beforeAll(async () => {
    for (let number = 0; number < LANES; number++)
      lanes.push(await CrashLane.create(`crash-guests-${number}`));
  });

  it(
    'guest-login leaves a guest or nobody',
    async () => {
      const operation = {
        name: 'guest-login',
        roleOf: inRequest,
        prepare: () => Promise.resolve(undefined),
        attempt: async ({ url }: RunningAuthApi) =>
          expectAnswer(await call(url, 'POST', '/auth/guest-login'), 201).body,
        verify: async ({ url }: RunningAuthApi, _: undefined, { answer }: Outcome) => {
          if (answer === undefined) return;
          const { access_token: token, user_id: id } = answer as { access_token: string; user_id: string };
          expect((await call(url, 'GET', '/auth/me', { token })).body).toMatchObject({ id, guest: true });
        },
      };
      await crashEverywhere(lanes, operation, /^POST .*\/users/);
    },
    TEST_MS,
  );

  it.each([true, false])(
    'upgrade leaves a guest or a member, who can go on (at once: %s)',
    async (goesOn) => {
      await crashEverywhere(
        lanes,
        {
          name: goesOn ? 'upgrade' : 'upgrade, given up',
          roleOf: inRequest,
          prepare: async ({ url }) => ({
            guest: await newGuest(url),
            username: `c-${randomUUID().slice(0, 13)}`,
          }),
          attempt: async ({ url }, { guest, username }) =>
            expectAnswer(await upgrade(url, guest, username), 200).body,
          verify: async ({ url }, { guest, username }, { answer, diedAt }) => {
            // Who does not go on is left to the upkeep, and judged when that is done.
            if (answer === undefined && !goesOn) return;
            if (answer === undefined) expectAnswer(await upgrade(url, guest, username), 200, 409);
            const { body } = await call(url, 'GET', '/auth/me', { token: guest.accessToken });
            expect({ diedAt, ...body }).toMatchObject({ diedAt, id: guest.id, guest: false, username });
          },
        },
        /^PUT .*\/users\/… /,
      );
    },
    TEST_MS,
  );

  it(
    'nobody is half made in the end',
    async () => {
      const admin = new KeycloakAdmin();
      await settle(lanes, (databaseUrl) => halfMadeGuests(databaseUrl, admin));
    },
    TEST_MS,
  );
});
