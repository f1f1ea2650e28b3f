import { Injectable } from '@nestjs/common';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import type { OnBehalf } from '#service';
import { Tools } from '../tools/index.js';

const INSTRUCTIONS =
  'Tools of Gatehouse, each in the name of whoever is calling. whoami says who that is and what a key of his may do.';

/**
 * Answers one message with a server made for it alone, by the SDK's transport without sessions: the caller is proved anew
 * with each request, so there is nothing to remember between two of them, and any process can answer any of them. Every
 * answer is one JSON message, as no tool has anything to say before its result.
 */
@Injectable()
export class MessageHandler {
  constructor(private readonly tools: Tools) {}

  /** @returns undefined when the client has gone before there was an answer */
  async answer(request: Request, message: object, asker: OnBehalf): Promise<Response | undefined> {
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    const server = new McpServer(
      { name: 'gatehouse', title: 'Gatehouse', version: '0.1.0' },
      { instructions: INSTRUCTIONS },
    );
    this.tools.register(server, asker);
    await server.connect(transport);
    try {
      return await Promise.race([
        transport.handleRequest(request, { parsedBody: message }),
        aborted(asker.signal),
      ]);
    } finally {
      await server.close();
    }
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
