import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MCP_HEADERS, useMcp } from '../../support/mcp.js';
import { PNG } from '../../support/media.js';
import { MODEL } from '../../support/model-server.js';
import { caller, keyCaller, proofFor, type RunningService, startService } from '../../support/service.js';

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 'first',
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const LIST = { jsonrpc: '2.0', id: 7, method: 'tools/list' };

describe('POST /mcp', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mcp-'));
  let media: RunningService;
  beforeAll(async () => {
    media = await startService('media-api', 'call-mcp', { MEDIA_FOLDER: folder, MEDIA_KEEP_FREE_BYTES: '0' });
  });
  const mcp = useMcp('call-mcp', () => ({
    MEDIA_API_URL: media.url,
    MCP_ALLOWED_ORIGINS: 'https://inspector.example.com',
  }));
  afterEach(() => mcp.models.answerWith(undefined));
  afterAll(async () => {
    await media.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('200', () => {
    it('says what it is, and which tools there are, each with its input', async () => {
      const as = caller();
      const { body } = await mcp.message(INITIALIZE, { as });
      expect(body).toMatchObject({
        id: 'first',
        result: {
          protocolVersion: '2025-06-18',
          serverInfo: { name: 'gatehouse' },
          capabilities: { tools: {} },
        },
      });
      const { tools } = (await mcp.message(LIST, { as })).body.result;
      expect(tools.map(({ name }: { name: string }) => name)).toEqual([
        'whoami',
        'list_models',
        'chat',
        'list_media',
      ]);
      const chat = tools[2];
      expect(chat.inputSchema).toMatchObject({ required: ['model', 'messages'] });
    });

    it('whoami tells who the gateway has proved, and no credential', async () => {
      const as = keyCaller('mcp', 'llm:read');
      const { structuredContent, content } = await mcp.tool('whoami', { as });
      expect(structuredContent).toEqual({
        id: as.id,
        username: as.claims['preferred_username'],
        kind: 'user',
        method: 'apikey',
        scopes: ['mcp', 'llm:read'],
      });
      expect(JSON.parse(content[0].text)).toEqual(structuredContent);
    });

    it('models and chat are asked for in the name of the caller, under the same request id', async () => {
      const as = caller({ guest: true, roles: [] });
      const headers = { 'x-request-id': 'mcp-test-0001' };
      expect((await mcp.tool('list_models', { as, headers })).structuredContent).toEqual({
        models: [{ id: MODEL, owned_by: 'tests' }],
      });
      const input = { model: MODEL, messages: [{ role: 'user', content: 'hello' }] };
      expect((await mcp.tool('chat', { as, headers, input })).structuredContent).toEqual({
        model: MODEL,
        content: 'You said: hello',
        finish_reason: 'stop',
      });
      for (const seen of mcp.models.callers.slice(-2))
        expect(seen).toMatchObject({ id: as.id, kind: 'guest', via: { method: 'jwt', gateway: true } });
      expect(mcp.models.requestIds.slice(-2)).toEqual(['mcp-test-0001', 'mcp-test-0001']);
    });

    it('each of many callers at once gets his own', async () => {
      const many = Array.from({ length: 20 }, () => caller());
      const seen = await Promise.all(
        many.map(async (as) => (await mcp.tool('whoami', { as })).structuredContent.id as string),
      );
      expect(seen).toEqual(many.map(({ id }) => id));
    });

    it("list_media shows the caller's files, page by page, and no other's", async () => {
      const as = caller();
      for (let i = 0; i < 3; i++)
        await fetch(`${media.url}/media?filename=${i}.png`, {
          method: 'POST',
          headers: { 'x-gateway-identity': proofFor('media-api', as), 'content-type': 'image/png' },
          body: new Uint8Array(PNG),
        });
      const first = (await mcp.tool('list_media', { as, input: { limit: 2 } })).structuredContent;
      const input = { limit: 2, cursor: first.next_cursor };
      const second = (await mcp.tool('list_media', { as, input })).structuredContent;
      const names = [...first.items, ...second.items].map(({ filename }: { filename: string }) => filename);
      expect(names).toEqual(['2.png', '1.png', '0.png']);
      expect(second.next_cursor).toBeNull();
      const another = await mcp.tool('list_media', { as: caller() });
      expect(another.structuredContent).toEqual({ items: [], next_cursor: null });
    });

    it.each([
      ['list_models', {}, 'llm:read'],
      ['chat', { model: MODEL, messages: [{ role: 'user', content: 'hello' }] }, 'llm'],
      ['list_media', {}, 'media:read'],
    ])('%s says which scope a key lacks, and asks nobody', async (name, input, scope) => {
      const before = mcp.models.callers.length;
      const result = await mcp.tool(name, { as: keyCaller('mcp'), input });
      expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(scope) }] });
      expect(mcp.models.callers).toHaveLength(before);
    });

    it.each([
      [{ status: 404, body: { error: { message: 'There is no model x.' } } }, 'There is no model x.'],
      [{ status: 429, body: { detail: 'Too many.' }, headers: { 'retry-after': '9' } }, 'Try again in 9 s.'],
      [{ status: 502, body: '<html>' }, '502'],
      [{ status: 200, body: { choices: [] } }, 'not understood'],
    ])('what llm-api says is wrong is the error of the tool: %j', async (answer, words) => {
      mcp.models.answerWith(answer);
      const input = { model: 'x', messages: [{ role: 'user', content: 'hello' }] };
      const result = await mcp.tool('chat', { as: caller(), input });
      expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(words) }] });
    });

    it.each([
      ['chat', { model: MODEL }, 'messages'],
      ['chat', { model: MODEL, messages: [{ role: 'robot', content: 'x' }] }, 'role'],
      ['list_media', { limit: 0 }, 'limit'],
      ['no_such_tool', {}, 'no_such_tool'],
    ])('%s with %j names what is wrong', async (name, input, words) => {
      expect(JSON.stringify(await mcp.tool(name, { as: caller(), input }))).toContain(words);
    });

    it('a method that it does not know is an error of JSON-RPC', async () => {
      const { body } = await mcp.message({ jsonrpc: '2.0', id: 3, method: 'no/such' }, { as: caller() });
      expect(body).toMatchObject({ id: 3, error: { code: -32601 } });
    });

    it('a page of the gateway itself or of a listed origin may call', async () => {
      for (const origin of ['http://localhost:8000', 'https://inspector.example.com'])
        expect((await mcp.message(LIST, { as: caller(), headers: { origin } })).status).toBe(200);
    });
  });

  describe('202', () => {
    it('a notification is taken, and not answered', async () => {
      const note = { jsonrpc: '2.0', method: 'notifications/initialized' };
      expect(await mcp.message(note, { as: caller() })).toMatchObject({ status: 202, body: undefined });
    });
  });

  describe('400', () => {
    it.each([
      ['{', -32700, 'not valid JSON'],
      ['', -32700, 'not valid JSON'],
      ['null', -32600, 'must be a JSON-RPC message'],
      [JSON.stringify([LIST, LIST]), -32600, 'Batches'],
      [JSON.stringify({ ...LIST, jsonrpc: '1.0' }), -32600, '`jsonrpc`'],
      [JSON.stringify({ ...LIST, id: {} }), -32600, '`id`'],
      [JSON.stringify({ jsonrpc: '2.0', id: 1 }), -32600, '`method`'],
    ])('%s', async (text, code, words) => {
      const { status, body } = await mcp.message(text, { as: caller() });
      expect({ status, body }).toMatchObject({
        status: 400,
        body: { jsonrpc: '2.0', error: { code, message: expect.stringContaining(words) } },
      });
    });

    it('a protocol version that is not spoken here', async () => {
      const headers = { 'mcp-protocol-version': '1999-01-01' };
      const { status, body } = await mcp.message(LIST, { as: caller(), headers });
      expect({ status, body }).toMatchObject({ status: 400, body: { error: { code: -32000 } } });
      expect(body.error.message).toContain('2025-06-18');
    });
  });

  describe('401', () => {
    it('nobody calls without saying who he is, and is told how', async () => {
      const { status, headers } = await mcp.message(LIST);
      expect(status).toBe(401);
      expect(headers.get('www-authenticate')).toContain('Bearer realm=');
    });
  });

  describe('403', () => {
    it('a web page of any other origin may not call', async () => {
      for (const origin of ['https://evil.example', 'null', 'http://localhost:8000.evil.example']) {
        const { status, body } = await mcp.message(LIST, { as: caller(), headers: { origin } });
        expect({ status, body }).toMatchObject({ status: 403, body: { error: { code: -32000 } } });
      }
    });

    it('a key without scope mcp is refused before its message is read', async () => {
      expect(await mcp.message('{', { as: keyCaller('llm') })).toMatchObject({
        status: 403,
        body: { scopes: ['mcp'] },
      });
    });
  });

  describe('406', () => {
    it('a client that does not take what the protocol says', async () => {
      const { status, body } = await mcp.message(LIST, { as: caller(), headers: { accept: 'text/html' } });
      expect({ status, body }).toMatchObject({ status: 406, body: { error: { code: -32000 } } });
    });
  });

  describe('413', () => {
    it('a message that is too long, and the server goes on', async () => {
      const long = JSON.stringify({ ...LIST, params: { cursor: 'x'.repeat(1024 * 1024) } });
      const { status, body } = await mcp.message(long, { as: caller() });
      expect({ status, body }).toMatchObject({ status: 413, body: { error: { code: -32600 } } });
      expect((await mcp.message(LIST, { as: caller() })).status).toBe(200);
    });
  });

  describe('415', () => {
    it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])('%s', async (type) => {
      const headers = { ...MCP_HEADERS, 'content-type': type };
      const { status, body } = await mcp.message(JSON.stringify(LIST), { as: caller(), headers });
      expect({ status, body }).toMatchObject({ status: 415, body: { error: { code: -32000 } } });
    });
  });
});

describe('POST /mcp with nobody behind it', () => {
  const mcp = useMcp('call-mcp-alone', () => ({ LLM_API_URL: 'http://127.0.0.1:1' }));

  it.each([
    ['list_models', 'llm-api does not answer'],
    ['list_media', 'media-api does not answer'],
  ])('%s says who does not answer; whoami works on', async (name, words) => {
    const as = caller();
    const result = await mcp.tool(name, { as });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(words) }] });
    expect((await mcp.tool('whoami', { as })).structuredContent.id).toBe(as.id);
  });
});
