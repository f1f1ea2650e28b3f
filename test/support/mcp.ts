import { afterAll, beforeAll } from '@jest/globals';
import { type ModelServer, startModelServer } from './model-server.js';
import type { Answer } from './client.js';
import { type CallAs, serviceKey, type TestService, useService } from './service.js';

export const MCP_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};

/** mcp-tools with a model server behind it; what `settings` name wins. */
export interface TestMcp extends TestService {
  readonly models: ModelServer;
  /** One message, as it is written. */
  message(body: unknown, options?: CallAs): Promise<Answer>;
  /** The result of a call of a tool. */
  tool(name: string, options: CallAs & { input?: unknown }): Promise<Answer['body']>;
}

export function useMcp(
  purpose: string,
  settings: () => Readonly<Record<string, string>> = () => ({}),
): TestMcp {
  let models: ModelServer | undefined;
  beforeAll(async () => {
    models = await startModelServer();
  });
  const service = useService('mcp-tools', purpose, () => ({
    LLM_API_URL: models?.url,
    LLM_API_IDENTITY_KEY: serviceKey('llm-api'),
    MEDIA_API_URL: 'http://127.0.0.1:1',
    MEDIA_API_IDENTITY_KEY: serviceKey('media-api'),
    ...settings(),
  }));
  afterAll(() => models?.stop());
  const message: TestMcp['message'] = (body, { headers, ...options } = {}) =>
    service.post('/mcp', { ...options, body, headers: { ...MCP_HEADERS, ...headers } });
  const mcp: Omit<TestMcp, keyof TestService> = {
    get models() {
      return models as ModelServer;
    },
    message,
    async tool(name, { input = {}, ...options }) {
      const params = { name, arguments: input };
      const { status, body } = await message(
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params },
        options,
      );
      if (status !== 200) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
      return body.result ?? body.error;
    },
  };
  return Object.create(service, Object.getOwnPropertyDescriptors(mcp)) as TestMcp;
}
