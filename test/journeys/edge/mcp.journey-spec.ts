import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { TestMember } from '../../support/client.js';
import { type Edge, startEdge } from '../../support/edge.js';
import { PNG } from '../../support/media.js';
import { MODEL, type ModelServer, startModelServer } from '../../support/model-server.js';
import { type RunningService, serviceKey, startService } from '../../support/service.js';

describe('an official MCP client through the gateway', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mcp-journey-'));
  const clients: Client[] = [];
  let models: ModelServer;
  let media: RunningService;
  let tools: RunningService;
  let edge: Edge;
  let ann: TestMember;

  beforeAll(async () => {
    models = await startModelServer();
    media = await startService('media-api', 'mcp-journey', {
      MEDIA_FOLDER: folder,
      MEDIA_KEEP_FREE_BYTES: '0',
    });
    tools = await startService('mcp-tools', 'mcp-journey', {
      LLM_API_URL: models.url,
      LLM_API_IDENTITY_KEY: serviceKey('llm-api'),
      MEDIA_API_URL: media.url,
      MEDIA_API_IDENTITY_KEY: serviceKey('media-api'),
    });
    edge = await startEdge('edge-mcp', {
      topology: { MEDIA_API_URL: media.url, MCP_TOOLS_URL: tools.url },
    });
    ann = await edge.member();
  }, 120_000);
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    await edge?.stop();
    await Promise.all([tools?.stop(), media?.stop(), models?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const connect = async (headers: Record<string, string>): Promise<Client> => {
    const client = new Client({ name: 'journey', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(`${edge.nodes[0]?.url}/mcp`), {
      requestInit: { headers },
    });
    await client.connect(transport);
    clients.push(client);
    return client;
  };
  const withKey = async (...scopes: string[]) => {
    const { key } = await edge.key(ann, scopes.length === 0 ? { name: 'mcp' } : { name: 'mcp', scopes });
    return connect({ 'X-API-Key': key });
  };

  it('finds the tools with an API key, and uses each in the name of the owner of the key', async () => {
    const client = await withKey();
    expect(client.getServerVersion()).toMatchObject({ name: 'gatehouse' });
    const { tools: offered } = await client.listTools();
    expect(offered.map(({ name }) => name)).toEqual(['whoami', 'list_models', 'chat', 'list_media']);

    const who = await client.callTool({ name: 'whoami' });
    expect(who.structuredContent).toMatchObject({ id: ann.id, kind: 'user', method: 'apikey' });

    expect((await client.callTool({ name: 'list_models' })).structuredContent).toEqual({
      models: [{ id: MODEL, owned_by: 'tests' }],
    });
    const input = { model: MODEL, messages: [{ role: 'user', content: 'hello' }] };
    expect((await client.callTool({ name: 'chat', arguments: input })).structuredContent).toMatchObject({
      content: 'You said: hello',
    });
    expect(models.callers.at(-1)).toMatchObject({
      id: ann.id,
      username: ann.username,
      via: { method: 'apikey', gateway: true },
    });

    const uploaded = await fetch(`${edge.nodes[0]?.url}/media?filename=a.png`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ann.accessToken}`, 'content-type': 'image/png' },
      body: new Uint8Array(PNG),
    });
    expect(uploaded.status).toBe(201);
    expect((await client.callTool({ name: 'list_media' })).structuredContent).toMatchObject({
      items: [{ filename: 'a.png', type: 'image/png' }],
    });
  });

  it('a guest uses them with a token', async () => {
    const guest = await edge.guest();
    const client = await connect({ Authorization: `Bearer ${guest.accessToken}` });
    const who = await client.callTool({ name: 'whoami' });
    expect(who.structuredContent).toMatchObject({ id: guest.id, kind: 'guest', method: 'jwt' });
    expect((await client.callTool({ name: 'list_media' })).structuredContent).toEqual({
      items: [],
      next_cursor: null,
    });
  });

  it('a key without scope llm is told so by the tools that need it, and may use the others', async () => {
    const client = await withKey('mcp', 'media:read');
    const refused = await client.callTool({ name: 'list_models' });
    expect(refused).toMatchObject({ isError: true });
    expect(JSON.stringify(refused.content)).toContain('lacks the scope llm:read');
    expect((await client.callTool({ name: 'list_media' })).isError).not.toBe(true);
  });

  it('what a key says wrongly is an error that names it', async () => {
    const client = await withKey();
    const wrong = await client.callTool({ name: 'chat', arguments: { model: MODEL, messages: [] } });
    expect(wrong.isError).toBe(true);
    expect(JSON.stringify(wrong.content)).toContain('messages');
  });

  it('without a credential, or with one that is no good, there is no connection', async () => {
    await expect(connect({})).rejects.toThrow(/401|unauthorized/i);
    await expect(connect({ Authorization: 'Bearer nonsense' })).rejects.toThrow(/401|unauthorized/i);
    const { key } = await edge.key(ann, { name: 'no mcp', scopes: ['llm'] });
    await expect(connect({ 'X-API-Key': key })).rejects.toThrow(/403|scope/i);
  });
});
