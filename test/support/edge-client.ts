import { randomUUID } from 'node:crypto';
import { eventually } from './auth-api.js';
import type { Edge } from './edge.js';

/** A consumer with a key-auth key and ACL groups, as kong-sync will make them for registered clients and subscriptions. */
export interface Client {
  readonly id: string;
  readonly username: string;
  readonly customId: string;
  readonly key: string;
  readonly credentialId: string;
  /** Takes it out of every node again. */
  remove(): Promise<void>;
}

/** Puts it into every node through the Admin API, and waits until `/api` knows it. */
export async function newClient(edge: Edge, groups: readonly string[]): Promise<Client> {
  const [id, credentialId] = [randomUUID(), randomUUID()];
  const username = `client-${id.slice(0, 8)}`;
  const customId = `${username}@example.com`;
  const key = randomUUID().replaceAll('-', '');
  for (const node of edge.nodes.keys()) {
    const put = (path: string, body: unknown) => askAdmin(edge, 'PUT', path, { body, node });
    await put(`/consumers/${id}`, { username, custom_id: customId, tags: ['journey'] });
    await put(`/consumers/${id}/key-auth/${credentialId}`, { key });
    for (const group of groups)
      await askAdmin(edge, 'POST', `/consumers/${id}/acls`, { body: { group }, node });
    const known = async () =>
      (await edge.send('/api/probe', { headers: [['apikey', key]], node })).status !== 401;
    await eventually(known, `node ${node} knows the client`);
  }
  const remove = async () => {
    for (const node of edge.nodes.keys()) await askAdmin(edge, 'DELETE', `/consumers/${id}`, { node });
  };
  return { id, username, customId, key, credentialId, remove };
}

/** One request to the Admin API of a node. @throws {Error} Kong refuses it */
export async function askAdmin(
  edge: Edge,
  method: string,
  path: string,
  { body, node = 0 }: { body?: unknown; node?: number } = {},
): Promise<unknown> {
  const response = await fetch(`${edge.nodes[node]?.adminUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
