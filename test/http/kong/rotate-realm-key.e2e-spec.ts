import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { eventually, type RunningAuthApi, startAuthApi } from '../../support/auth-api.js';
import { call } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';
import type { Stranger } from '../../support/keycloak-person.js';
import { OwnRealm } from '../../support/own-realm.js';

describe('POST /kong/keys/rotate', () => {
  let realm: OwnRealm;
  let admin: Stranger;
  const settings: Record<string, string> = {};
  beforeAll(async () => {
    realm = await OwnRealm.createLikeOurs();
    Object.assign(settings, realm.authApi());
    admin = await realm.administrator();
  });
  const api = useAuthApi('rotate-realm-key', settings);
  const kidOf = (token: string) => decodeProtectedHeader(token).kid;
  const rotate = async () => api.post('/kong/keys/rotate', { token: await admin.token() });
  const statuses = async () => new Map((await realm.keys()).map(({ kid, status }) => [kid, status]));

  describe('200', () => {
    it('the realm signs with a new key, and tokens of the one before are good on', async () => {
      const old = await admin.token();
      const { status, body } = await api.post('/kong/keys/rotate', { token: old });
      expect({ status, previous: body.previous_kid }).toEqual({ status: 200, previous: kidOf(old) });
      const fresh = await admin.token();
      expect(kidOf(fresh)).toBe(body.kid);
      expect(await statuses()).toEqual(
        new Map([
          [body.kid, 'ACTIVE'],
          [body.previous_kid, 'PASSIVE'],
        ]),
      );
      for (const token of [old, fresh]) expect((await api.me(token)).status).toBe(200);
    });

    it('is on record: by whom, from which key to which', async () => {
      const { body } = await rotate();
      expect(
        await api.sql(
          `SELECT actor, details FROM audit_events WHERE action = 'realm-keys.rotated' AND target = $1
           ORDER BY at DESC LIMIT 1`,
          [`realm:${realm.name}`],
        ),
      ).toEqual([{ actor: admin.id, details: { kid: body.kid, previous: body.previous_kid } }]);
    });

    it('takes up the key of a rotation that was cut off, instead of making one more', async () => {
      const left = await realm.addKey(1, 'gatehouse: next key');
      const before = (await statuses()).size;
      const { body } = await rotate();
      expect(body.kid).toBe(left.kid);
      expect(kidOf(await admin.token())).toBe(left.kid);
      expect((await statuses()).size).toBe(before);
    });

    it('makes one where that key was disabled meanwhile', async () => {
      const left = await realm.addKey(1, 'gatehouse: next key');
      await left.disable();
      const { status, body } = await rotate();
      expect(status).toBe(200);
      expect(body.kid).not.toBe(left.kid);
      expect(kidOf(await admin.token())).toBe(body.kid);
    });
  });

  describe('403', () => {
    it('for whoever is no administrator', async () => {
      const token = await (await realm.person()).token();
      expect((await api.post('/kong/keys/rotate', { token })).status).toBe(403);
    });
  });

  describe('with a gateway node', () => {
    let other: RunningAuthApi;
    let node: Node;
    beforeAll(async () => {
      node = await Node.start();
      const kong = { KONG_ADMIN_URLS: node.url, KONG_ADMIN_TIMEOUT_MS: '8000' };
      other = await startAuthApi('rotate-realm-key-node', { ...settings, ...kong });
    });
    afterAll(async () => {
      node.stop();
      await other.stop();
    });
    const rotateThere = async (token?: string) =>
      call(other.url, 'POST', '/kong/keys/rotate', { token: token ?? (await admin.token()) });

    describe('503', () => {
      it('that does not confirm the new key, nothing is signed with it; later the same key is used', async () => {
        const before = kidOf(await admin.token());
        node.answer = 503;
        const { status, body } = await rotateThere();
        expect({ status, type: body.type }).toEqual({
          status: 503,
          type: '/docs/problems/kong/key-not-everywhere',
        });
        expect(kidOf(await admin.token())).toBe(before);
        const waiting = [...(await statuses())].filter(([, status]) => status === 'ACTIVE');
        expect(waiting).toHaveLength(2);
        node.answer = 200;
        const again = await rotateThere();
        expect(again.status).toBe(200);
        expect(waiting.map(([kid]) => kid)).toContain(again.body.kid);
        expect(again.body.previous_kid).toBe(before);
      });

      it('a second one while the first is under way is told so, and changes nothing', async () => {
        const token = await admin.token();
        node.answer = undefined;
        const first = rotateThere(token);
        await eventually(() => node.waiting > 0, 'the first one waits for the node');
        const second = await rotateThere(token);
        expect({ status: second.status, type: second.body.type }).toEqual({
          status: 503,
          type: '/docs/problems/storage/busy',
        });
        node.answer = 200;
        const { status, body } = await first;
        expect({ status, signs: body.kid }).toEqual({ status: 200, signs: kidOf(await admin.token()) });
      });
    });
  });

  describe('409', () => {
    const impossible = '/docs/problems/kong/rotation-not-possible';

    it('without a client that may change the realm, saying how to have one', async () => {
      const without = { ...settings, KEYCLOAK_REALM_ADMIN_CLIENT_SECRET: undefined };
      const other = await startAuthApi('rotate-realm-key-without', without);
      try {
        const token = await admin.token();
        const { status, body } = await call(other.url, 'POST', '/kong/keys/rotate', { token });
        expect({ status, type: body.type }).toEqual({ status: 409, type: impossible });
        expect(body.detail).toContain('KEYCLOAK_REALM_ADMIN_CLIENT_SECRET');
        expect(kidOf(await admin.token())).toBe(kidOf(token));
      } finally {
        await other.stop();
      }
    });

    it('where that client has lost its role, saying that Keycloak refuses it', async () => {
      await realm.disarmRealmAdmin();
      const other = await startAuthApi('rotate-realm-key-disarmed', settings);
      try {
        const token = await admin.token();
        const { status, body } = await call(other.url, 'POST', '/kong/keys/rotate', { token });
        expect({ status, type: body.type }).toEqual({ status: 409, type: impossible });
        expect(body.detail).toContain('403');
      } finally {
        await other.stop();
      }
    });
  });
});

/** The Admin API of a node, as far as rotation asks it: whether it has read the keys. */
class Node {
  /** To that question; undefined: it waits until this is set. */
  answer: number | undefined = 200;
  waiting = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Node> {
    const server = createServer((request, response) => {
      request.resume();
      const say = (status: number) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      if (request.url !== '/keycloak-jwt/keys/refresh') return say(404);
      void node.verdict().then(say);
      return undefined;
    });
    const node = new Node(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async verdict(): Promise<number> {
    this.waiting += 1;
    await eventually(() => this.answer !== undefined, 'the test says what the node answers');
    this.waiting -= 1;
    return this.answer ?? 500;
  }
}
