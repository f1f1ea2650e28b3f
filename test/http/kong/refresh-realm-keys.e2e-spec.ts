import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type RunningAuthApi, startAuthApi } from '../../support/auth-api.js';
import { type Answer, call } from '../../support/client.js';
import { useAuthApi } from '../../support/harness.js';
import { KeycloakProxy } from '../../support/keycloak-proxy.js';
import { OwnRealm } from '../../support/own-realm.js';
import { testStack } from '../../support/stack.js';
import { openGate } from '../../support/stepped-proxy.js';

describe('POST /kong/keys/refresh', () => {
  let realm: OwnRealm;
  let admin: { id: string; token: string };
  const settings: Record<string, string> = {};
  beforeAll(async () => {
    realm = await OwnRealm.createLikeOurs();
    Object.assign(settings, realm.authApi());
    const person = await realm.administrator();
    admin = { id: person.id, token: await person.token() };
  });
  const api = useAuthApi('refresh-realm-keys', settings);
  const refresh = () => api.post('/kong/keys/refresh', { token: admin.token });
  const kidsOf = ({ body }: Answer) => body.keys.map(({ kid }: { kid: string }) => kid).sort();

  describe('200', () => {
    it('reads what the realm publishes now, long before the timer would', async () => {
      const added = await realm.addKey(1);
      const published = [...(await realm.publicKeys()).keys()].sort();
      const answer = await refresh();
      expect(answer.body).toMatchObject({ removed: [], nodes_pending: 0 });
      expect(kidsOf(answer)).toEqual(published);
      expect(published).toContain(added.kid);
    });

    it('withdraws a key that was disabled, and says which; who asked is on record', async () => {
      const added = await realm.addKey(2);
      expect(kidsOf(await refresh())).toContain(added.kid);
      await added.disable();
      const answer = await refresh();
      expect(answer.body).toMatchObject({ removed: [added.kid], nodes_pending: 0 });
      expect(kidsOf(answer)).not.toContain(added.kid);
      expect((await refresh()).body.removed).toEqual([]);
      expect(
        await api.sql(`SELECT actor FROM audit_events WHERE action = 'realm-key.removed' AND target = $1`, [
          `realm-key:${added.kid}`,
        ]),
      ).toEqual([{ actor: admin.id }]);
      const [{ count }] = (await api.sql(
        `SELECT count(*)::int AS count FROM audit_events
         WHERE action = 'realm-keys.refreshed' AND target = $1 AND actor = $2`,
        [`realm:${realm.name}`, admin.id],
      )) as [{ count: number }];
      expect(count).toBeGreaterThanOrEqual(3);
    });

    it('withdraws one that retired before, and takes back one that is enabled again', async () => {
      const added = await realm.addKey(3);
      await refresh();
      await api.sql('UPDATE realm_keys SET retired_at = now() WHERE kid = $1', [added.kid]);
      await added.disable();
      expect((await refresh()).body.removed).toEqual([added.kid]);
      await added.enable();
      expect(kidsOf(await refresh())).toContain(added.kid);
    });

    it('asked by many at once reads one after another, and all agree', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, refresh));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(new Set(answers.map((answer) => kidsOf(answer).join())).size).toBe(1);
    });

    it('counts a node that does not confirm', async () => {
      const silent = await Node.start(503);
      const other = await startAuthApi('refresh-realm-keys-nodes', {
        ...settings,
        KONG_ADMIN_URLS: silent.url,
      });
      try {
        const { status, body } = await call(other.url, 'POST', '/kong/keys/refresh', { token: admin.token });
        expect({ status, pending: body.nodes_pending }).toEqual({ status: 200, pending: 1 });
        silent.status = 200;
        const again = await call(other.url, 'POST', '/kong/keys/refresh', { token: admin.token });
        expect(again.body.nodes_pending).toBe(0);
      } finally {
        await other.stop();
        silent.stop();
      }
    });
  });

  describe('403', () => {
    it('for whoever is no administrator', async () => {
      const token = await (await realm.person()).token();
      expect((await api.post('/kong/keys/refresh', { token })).status).toBe(403);
    });
  });

  describe('503', () => {
    let other: RunningAuthApi;
    let keycloak: KeycloakProxy;
    beforeAll(async () => {
      keycloak = await KeycloakProxy.to(testStack().keycloakUrl, openGate);
      other = await startAuthApi('refresh-realm-keys-down', { ...settings, KEYCLOAK_URL: keycloak.url });
    });
    afterAll(() => other.stop());

    it('while Keycloak does not answer, and no key is withdrawn for that', async () => {
      const ask = (method: string, path: string) => call(other.url, method, path, { token: admin.token });
      await eventually(
        async () => (await ask('POST', '/kong/keys/refresh')).status === 200,
        'keys are known',
      );
      const before = (await ask('GET', '/kong/keys')).body;
      await keycloak.close();
      const { status, body } = await ask('POST', '/kong/keys/refresh');
      expect({ status, type: body.type }).toEqual({
        status: 503,
        type: '/docs/problems/keycloak/unavailable',
      });
      expect((await ask('GET', '/kong/keys')).body).toEqual(before);
    });
  });
});

/** The Admin API of a node that says one thing to everything. */
class Node {
  private constructor(
    private readonly server: Server,
    public status: number,
  ) {}

  static async start(status: number): Promise<Node> {
    const server = createServer((request, response) => {
      request.resume();
      response.writeHead(node.status, { 'content-type': 'application/json' }).end('{}');
    });
    const node = new Node(server, status);
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
}
