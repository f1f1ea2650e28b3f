import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually } from '../../support/auth-api.js';
import type { TestMember } from '../../support/client.js';
import { type Edge, type EdgeAnswer, givenNodes, standInOnly, startEdge } from '../../support/edge.js';
import { Forwarder } from '../../support/forwarder.js';
import { KeycloakAdmin } from '../../support/keycloak-admin.js';

const REVOCATIONS = { db: 200, dbless: 80 };
const AT_ONCE = 4;
const HAMMERS = 2;

const given = givenNodes();
const twoNodes = given.length === 1 ? describe.skip : describe;
/** A given Kong has one mode, its own. */
const modes = given.length === 0 ? (['db', 'dbless'] as const) : (['db'] as const);
const modeName = (mode: string) => (given.length === 0 ? mode : 'the given Kong');

const told = ({ status, body }: EdgeAnswer) => [status, body?.reason];
const ask = (edge: Edge, apiKey: string, node = 0) => edge.send('/v1/models', { apiKey, node });
const asked = async (edge: Edge, apiKey: string, node = 0) => told(await ask(edge, apiKey, node));
const revoke = (edge: Edge, owner: TestMember, id: string) =>
  edge.send(`/auth/api-keys/${id}`, { method: 'DELETE', token: owner.accessToken });

async function administrator(edge: Edge): Promise<TestMember> {
  const member = await edge.member();
  await new KeycloakAdmin().grantRole(member.id, 'admin');
  await eventually(async () => {
    const { body } = await edge.send('/auth/me', { token: member.accessToken });
    return body.roles.includes('admin');
  }, 'auth-api hears of the role');
  return member;
}

interface Tally {
  revoked: number;
  /** Requests with a key that was being revoked: answered yes before the 204, and no. */
  yes: number;
  no: number;
  /** Sent after the 204 and answered yes: what must not be. */
  lateYes: number;
  lateNo: number;
  others: number;
  othersRefused: number;
  readonly tookMs: number[];
}

/** One key: made, used, hammered on every node, revoked meanwhile, and hammered on. */
async function revokeUnderFire(edge: Edge, owner: TestMember, tally: Tally): Promise<void> {
  const { id, key } = await edge.key(owner);
  for (const node of edge.nodes.keys()) expect((await ask(edge, key, node)).status).toBe(200);
  let confirmed = false;
  let lateEach = 3;
  const hammer = async (node: number) => {
    while (!confirmed || lateEach-- > 0) {
      const late = confirmed;
      const { status, body } = await ask(edge, key, node);
      const isYes = status === 200;
      if (late) tally[isYes ? 'lateYes' : 'lateNo'] += 1;
      else tally[isYes ? 'yes' : 'no'] += 1;
      if (!isYes) expect([status, body.reason]).toEqual([401, 'revoked']);
    }
  };
  const hammers = Promise.all(Array.from({ length: HAMMERS }, (_, i) => hammer(i % edge.nodes.length)));
  const since = performance.now();
  try {
    expect((await revoke(edge, owner, id)).status).toBe(204);
    tally.tookMs.push(performance.now() - since);
  } finally {
    confirmed = true;
  }
  for (const node of edge.nodes.keys()) {
    const { status } = await ask(edge, key, node);
    tally[status === 200 ? 'lateYes' : 'lateNo'] += 1;
  }
  await hammers;
  tally.revoked += 1;
}

/** Other people's keys and tokens, in use all the while on every node. */
async function others(edge: Edge, member: TestMember, tally: Tally, isOver: () => boolean): Promise<void> {
  const { key } = await edge.key(member);
  for (let n = 0; !isOver(); n++) {
    const credentials = n % 2 === 0 ? { token: member.accessToken } : { apiKey: key };
    const { status } = await edge.send('/v1/models', { ...credentials, node: n % edge.nodes.length });
    tally.others += 1;
    if (status !== 200) tally.othersRefused += 1;
  }
}

async function revokeMany(edge: Edge, count: number): Promise<Tally> {
  const tally: Tally = {
    revoked: 0, yes: 0, no: 0, lateYes: 0, lateNo: 0, others: 0, othersRefused: 0, tookMs: [],
  }; // prettier-ignore
  const people: TestMember[] = [];
  for (let n = 0; n < AT_ONCE + 2; n++) people.push(await edge.member());
  const [one, another, ...owners] = people as [TestMember, TestMember, ...TestMember[]];
  let left = count;
  let over = false;
  const lane = async (owner: TestMember) => {
    while (left-- > 0) await revokeUnderFire(edge, owner, tally);
  };
  const stop = () => void ((over = true), (left = 0));
  const lanes = Promise.all(owners.map(lane)).finally(stop);
  const background = [one, another].map((member) => others(edge, member, tally, () => over));
  await Promise.all([lanes, ...background]).finally(stop);
  return tally;
}

function print(what: string, tally: Tally): void {
  const sorted = tally.tookMs.toSorted((a, b) => a - b);
  const quantile = (q: number) => Math.round(sorted[Math.floor(q * (sorted.length - 1))] ?? 0);
  process.stdout.write(
    `${what}: ${tally.revoked} keys revoked, DELETE p50 ${quantile(0.5)} ms p99 ${quantile(0.99)} ms; ` +
      `with them ${tally.yes} yes and ${tally.no} no before the 204, ${tally.lateYes} yes and ${tally.lateNo} no after it; ` +
      `${tally.others} other requests, ${tally.othersRefused} refused\n`,
  );
}

describe.each(modes)('a revoked key', (mode) => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge(`edge-revocation-${mode}`, { mode });
  });
  afterAll(() => edge.stop());

  it(`is refused from the next request after the 204, every time, under load: ${modeName(mode)}`, async () => {
    const tally = await revokeMany(edge, REVOCATIONS[mode]);
    print(`revocation, ${modeName(mode)}`, tally);
    expect(tally).toMatchObject({ revoked: REVOCATIONS[mode], lateYes: 0, othersRefused: 0 });
  }, 90_000);

  it(`stays refused when the topology is loaded again, and while auth-api is away: ${modeName(mode)}`, async () => {
    const owner = await edge.member();
    const { id, key } = await edge.key(owner);
    expect((await ask(edge, key)).status).toBe(200);
    expect((await revoke(edge, owner, id)).status).toBe(204);
    const network = await Forwarder.to(edge.api.url);
    try {
      await edge.reload({ AUTH_API_URL: network.url(edge.api.url) });
      expect(await asked(edge, key)).toEqual([401, 'revoked']);
      await network.refuse();
      expect(await asked(edge, key)).toEqual([401, 'revoked']);
      await edge.reload({});
      expect(await asked(edge, key)).toEqual([401, 'revoked']);
    } finally {
      await network.close();
    }
  });
});

describe('a key that ends', () => {
  let edge: Edge;
  let owner: TestMember;
  beforeAll(async () => {
    edge = await startEdge('edge-ending-keys');
    owner = await edge.member();
  });
  afterAll(() => edge.stop());

  const rotate = async (id: string, overlap: number) => {
    const answer = await edge.send(`/auth/api-keys/${id}/rotate`, {
      method: 'POST',
      token: owner.accessToken,
      body: { overlap_seconds: overlap },
    });
    expect(answer.status).toBe(201);
    return answer.body as { id: string; key: string };
  };

  it('by rotation without overlap is refused at once, and its successor let in', async () => {
    const { id, key } = await edge.key(owner);
    expect((await ask(edge, key)).status).toBe(200);
    const successor = await rotate(id, 0);
    expect(await asked(edge, key)).toEqual([401, 'revoked']);
    expect((await ask(edge, successor.key)).status).toBe(200);
  });

  it('by rotation with an overlap works on, and no longer, although it was cached for longer', async () => {
    const { id, key } = await edge.key(owner);
    expect((await ask(edge, key)).status).toBe(200);
    await rotate(id, 2);
    const endsAt = Date.now() + 2000;
    expect((await ask(edge, key)).status).toBe(200);
    await eventually(async () => (await ask(edge, key)).status === 401, 'the overlap ends', 4000);
    expect(Date.now()).toBeGreaterThan(endsAt - 500);
    expect(await asked(edge, key)).toEqual([401, 'expired']);
  });

  it('in an overlap that is shortened to nothing is refused at once', async () => {
    const { id, key } = await edge.key(owner);
    await rotate(id, 3600);
    expect((await ask(edge, key)).status).toBe(200);
    expect((await revoke(edge, owner, id)).status).toBe(204);
    expect(await asked(edge, key)).toEqual([401, 'revoked']);
  });

  it('by its own expiry is refused then, though nobody told the edge', async () => {
    const { id, key } = await edge.key(owner);
    const database = new pg.Client({ connectionString: edge.api.databaseUrl });
    await database.connect();
    try {
      const { rows } = await database.query<{ expires_at: Date }>(
        `UPDATE api_keys SET expires_at = now() + interval '3 seconds' WHERE id = $1 RETURNING expires_at`,
        [id],
      );
      const endsAt = rows[0]?.expires_at.getTime() ?? 0;
      let lateYes = 0;
      let yes = 0;
      for (let late = 0; late < 5;) {
        const isLate = Date.now() > endsAt;
        const { status, body } = await ask(edge, key);
        if (isLate) expect(body.reason).toBe('expired');
        if (status === 200) yes += 1;
        if (isLate && status === 200) lateYes += 1;
        if (isLate) late += 1;
      }
      expect(yes).toBeGreaterThan(0);
      expect(lateYes).toBe(0);
    } finally {
      await database.end();
    }
  });

  it('by the hand of an administrator is refused at once, with all others of that person', async () => {
    const keys = [await edge.key(owner), await edge.key(owner)];
    const admin = await administrator(edge);
    for (const { key } of keys) expect((await ask(edge, key)).status).toBe(200);
    const path = `/admin/users/${owner.id}/keys/revoke`;
    expect((await edge.send(path, { method: 'POST', token: admin.accessToken })).status).toBe(200);
    for (const { key } of keys) expect(await asked(edge, key)).toEqual([401, 'revoked']);
  });
});

twoNodes('with two gateways, a revoked key', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge('edge-revocation-two', { nodes: 2 });
  });
  afterAll(() => edge.stop());

  it('is refused by both from the next request after the 204, every time', async () => {
    const tally = await revokeMany(edge, 40);
    print('revocation, two gateways', tally);
    expect(tally).toMatchObject({ revoked: 40, lateYes: 0, othersRefused: 0 });
  }, 60_000);
});

standInOnly('with one of two gateways down, a revoked key', () => {
  let edge: Edge;
  beforeAll(async () => {
    edge = await startEdge('edge-revocation-down', { nodes: 2 });
  });
  afterAll(() => edge.stop());

  it('is revoked, the answer says that a node is behind, and that node refuses it as soon as it is back', async () => {
    const owner = await edge.member();
    const { id, key } = await edge.key(owner);
    for (const node of [0, 1]) expect((await ask(edge, key, node)).status).toBe(200);
    await edge.nodes[1]?.standIn?.kill();
    const { status, body } = await revoke(edge, owner, id);
    expect({ status, body }).toEqual({ status: 202, body: { status: 'revoked', pending_nodes: 1 } });
    expect(await asked(edge, key, 0)).toEqual([401, 'revoked']);
    await edge.restart(1);
    expect(await asked(edge, key, 1)).toEqual([401, 'revoked']);
  });
});

describe('a gateway that serves but cannot be told', () => {
  let edge: Edge;
  let admin: Forwarder;
  beforeAll(async () => {
    edge = await startEdge('edge-revocation-cut-off', {
      adminBy: async (adminUrl) => {
        admin = await Forwarder.to(adminUrl);
        return admin.url(adminUrl);
      },
    });
  });
  afterAll(async () => {
    await edge.stop();
    await admin.close();
  });

  it('refuses a revoked key within 2 s of being reached again, however long that took', async () => {
    const owner = await edge.member();
    const { id, key } = await edge.key(owner);
    expect((await ask(edge, key)).status).toBe(200);
    await admin.refuse();
    expect((await revoke(edge, owner, id)).status).toBe(202);
    expect((await ask(edge, key)).status).toBe(200); // it cannot know
    // After its second failure the job waits for seven seconds.
    await eventually(
      async () =>
        (await edge.api.metric('jobs_total', { task: 'kong-sync.push-key', outcome: 'failed' })) >= 2,
      'the job has failed twice',
      20_000,
    );
    await admin.accept();
    await eventually(async () => (await ask(edge, key)).status === 401, 'refused', 2000);
    expect(await asked(edge, key)).toEqual([401, 'revoked']);
  });
});
