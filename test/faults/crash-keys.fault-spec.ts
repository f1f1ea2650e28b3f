import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type RunningAuthApi } from '../support/auth-api.js';
import { call, newKey, newMember, type TestGuest, type TestMember, validate } from '../support/client.js';
import { CrashLane } from '../support/crash-lane.js';
import { crashEverywhere, expectAnswer, inMirrorJob, inRequest, settle } from '../support/crash-suite.js';
import { mirrorFaults, waitingJobs } from '../support/key-ledger.js';
import { KeycloakAdmin } from '../support/keycloak-admin.js';

const LANES = 2;
const KEY_LIMIT = 150;
const TEST_MS = 600_000;

const admin = new KeycloakAdmin();
const lanes: CrashLane[] = [];

/** Keys as their owner sees them, those that work. */
async function usableKeys(api: RunningAuthApi, owner: TestGuest): Promise<string[]> {
  const { body } = await call(api.url, 'GET', '/auth/api-keys?limit=100', { token: owner.accessToken });
  return (body.items as { id: string; status: string }[])
    .filter(({ status }) => status === 'active' || status === 'expiring')
    .map(({ id }) => id)
    .sort();
}

describe('a process killed at any step of', () => {
  /** The owner of the keys in each lane, by the lane's database. */
  const owners = new Map<string, TestMember>();
  const ownerOf = ({ databaseUrl }: { readonly databaseUrl: string }): TestMember =>
    owners.get(new URL(databaseUrl).pathname) as TestMember;

  beforeAll(async () => {
    for (let number = 0; number < LANES; number++) {
      const lane = await CrashLane.create(`crash-keys-${number}`, {
        API_KEY_MAX_PER_USER: String(KEY_LIMIT),
      });
      const api = await lane.start();
      owners.set(new URL(lane.databaseUrl).pathname, await newMember(api.url));
      await api.stop();
      lanes.push(lane);
    }
  });

  it(
    'the creation of a key leaves a key that counts, is listed and mirrored, or none',
    async () => {
      await crashEverywhere(
        lanes,
        {
          name: 'key creation',
          roleOf: inRequest,
          prepare: (api) => Promise.resolve(ownerOf(api)),
          attempt: ({ url }, owner) => newKey(url, owner),
          verify: async ({ url }, owner, { answer }) => {
            if (answer === undefined) return;
            const { id, key } = answer as { id: string; key: string };
            expect((await validate(url, key)).status).toBe(200);
            expect(await usableKeys({ url } as RunningAuthApi, owner)).toContain(id);
          },
        },
        /^INSERT INTO "api_keys"/,
      );
    },
    TEST_MS,
  );

  it(
    'the mirror job is taken up by the next process',
    async () => {
      await crashEverywhere(
        lanes,
        {
          name: 'mirror',
          roleOf: inMirrorJob,
          prepare: ({ url }) => newMember(url),
          attempt: async (api, owner) => {
            await newKey(api.url, owner);
            const isOver = async (): Promise<boolean> =>
              api.process.signalCode !== null ||
              !(await waitingJobs(api.databaseUrl)).some((job) => job.includes(owner.id));
            await eventually(isOver, 'mirrored', 15_000);
            expect(api.process.signalCode).toBeNull();
            return true;
          },
          // Whoever runs when the dead process's locks count as abandoned takes its jobs up: judged in the end, together.
          verify: () => Promise.resolve(),
        },
        /^PUT .*\/users\/… /,
      );
      await settle(lanes, async (databaseUrl) => [
        ...(await waitingJobs(databaseUrl)),
        ...(await mirrorFaults(databaseUrl, admin)),
      ]);
    },
    TEST_MS,
  );

  it(
    'a revocation leaves a key that is refused, or one that works and can be revoked',
    async () => {
      await crashEverywhere(
        lanes,
        {
          name: 'revocation',
          roleOf: inRequest,
          prepare: async (api) => {
            const owner = ownerOf(api);
            return { owner, ...(await newKey(api.url, owner)) };
          },
          attempt: async ({ url }, { owner, id, key }) => {
            await validate(url, key);
            return expectAnswer(
              await call(url, 'DELETE', `/auth/api-keys/${id}`, { token: owner.accessToken }),
              204,
            );
          },
          verify: async (api, { owner, id, key }, { answer }) => {
            const { status } = await validate(api.url, key);
            if (answer !== undefined) expect(status).toBe(401);
            expect((await usableKeys(api, owner)).includes(id)).toBe(status === 200);
            await call(api.url, 'DELETE', `/auth/api-keys/${id}`, { token: owner.accessToken });
            expect((await validate(api.url, key)).body.reason).toBe('revoked');
          },
        },
        /^UPDATE "api_keys" SET "revoked_at"/,
      );
    },
    TEST_MS,
  );

  it.each([0, 3600])(
    'a rotation with %i s of overlap leaves the old key, or a new one in its place',
    async (overlap) => {
      await crashEverywhere(
        lanes,
        {
          name: `rotation, ${overlap} s overlap`,
          roleOf: inRequest,
          prepare: async (api) => {
            const owner = await newMember(api.url);
            return { owner, ...(await newKey(api.url, owner)) };
          },
          attempt: async ({ url }, { owner: { accessToken: token }, id }) =>
            expectAnswer(
              await call(url, 'POST', `/auth/api-keys/${id}/rotate`, {
                token,
                body: { overlap_seconds: overlap },
              }),
              201,
            ).body,
          verify: async (api, { owner, id, key }, { answer }) => {
            const usable = await usableKeys(api, owner);
            const works = (await validate(api.url, key)).status === 200;
            if (answer !== undefined) {
              const rotated = answer as { id: string; key: string };
              expect((await validate(api.url, rotated.key)).status).toBe(200);
              expect(usable).toContain(rotated.id);
              expect(works).toBe(overlap > 0);
            }
            expect(usable.includes(id)).toBe(works);
            const isRotated = usable.some((other) => other !== id);
            expect(usable).toHaveLength(isRotated && works ? 2 : 1);
            expect(works || isRotated).toBe(true);
            if (isRotated) expect(works).toBe(overlap > 0);
          },
        },
        /^INSERT INTO "api_keys"/,
      );
    },
    TEST_MS,
  );

  it(
    'nothing is lost or half made in the end: jobs, mirror, and the count of keys',
    async () => {
      await settle(lanes, async (databaseUrl) => [
        ...(await waitingJobs(databaseUrl)),
        ...(await mirrorFaults(databaseUrl, admin)),
      ]);
      await Promise.all(
        lanes.map(async (lane) => {
          const api = await lane.start();
          const owner = ownerOf(api);
          const listed = await usableKeys(api, owner);
          let made = 0;
          while (
            (await call(api.url, 'POST', '/auth/api-keys', { token: owner.accessToken, body: { name: 'x' } }))
              .status === 201
          )
            made++;
          await api.stop();
          expect(listed.length + made).toBe(KEY_LIMIT);
        }),
      );
    },
    TEST_MS,
  );
});
