import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Secret } from '#config';
import { hasScope, type Principal, type Scope } from '#principal';
import {
  importIdentityKeys,
  principalFromIdentity,
  verifyGatewayIdentity,
} from '../../libs/principal/src/gateway-identity.js';
import { serviceKey } from './service.js';

export const MODEL = 'echo-of-what-was-said';

/** Speaks as llm-api does, and believes whom llm-api would believe: the identity must be signed for it. */
export interface ModelServer {
  readonly url: string;
  /** Who has called, in order. */
  readonly callers: readonly Principal[];
  /** `X-Request-Id` of each call. */
  readonly requestIds: readonly string[];
  /** What the next answers are instead of the usual ones. */
  answerWith(answer: { status: number; body: unknown; headers?: Record<string, string> } | undefined): void;
  stop(): Promise<void>;
}

export async function startModelServer(): Promise<ModelServer> {
  const keys = await importIdentityKeys([new Secret(serviceKey('llm-api'))]);
  const callers: Principal[] = [];
  const requestIds: string[] = [];
  let instead: Parameters<ModelServer['answerWith']>[0];
  const send = (
    response: ServerResponse,
    status: number,
    body: unknown,
    headers: Record<string, string> = {},
  ) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = '';
    for await (const piece of request) text += String(piece);
    const proof = String(request.headers['x-gateway-identity']);
    const identity = await verifyGatewayIdentity(proof, { keys, service: 'llm-api' }).catch(() => undefined);
    if (identity === undefined)
      return send(response, 401, { detail: 'The gateway identity is not valid here.' });
    const caller = principalFromIdentity(identity);
    callers.push(caller);
    requestIds.push(String(request.headers['x-request-id']));
    const reads = request.method === 'GET';
    const scope: Scope = reads ? 'llm:read' : 'llm';
    if (!hasScope(caller.scopes, scope))
      return send(response, 403, { error: { message: `The API key lacks the scope ${scope}.` } });
    if (instead !== undefined) return send(response, instead.status, instead.body, instead.headers);
    if (reads)
      return send(response, 200, {
        object: 'list',
        data: [{ id: MODEL, object: 'model', owned_by: 'tests' }],
      });
    const { model, messages } = JSON.parse(text) as { model: string; messages: { content: string }[] };
    const message = { role: 'assistant', content: `You said: ${messages.at(-1)?.content}` };
    send(response, 200, { id: 'c-1', model, choices: [{ index: 0, message, finish_reason: 'stop' }] });
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    callers,
    requestIds,
    answerWith: (answer) => (instead = answer),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
