import { Logger } from '@nestjs/common';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import { hasScope, InsufficientScope, type Scope } from '#principal';
import { Problem } from '#problem';
import type { OnBehalf, ServiceClient } from '#service';
import { contentOf, ToolFailure } from './service-answer.js';
import * as shapes from './shapes.js';

/** An answer of a model takes long, but no longer than the gateway and clients wait. */
const CHAT_MS = 55_000;

interface ToolsOptions {
  readonly realm: string;
  readonly llmApi: Pick<ServiceClient, 'call'>;
  readonly mediaApi: Pick<ServiceClient, 'call'>;
}

const READS = { readOnlyHint: true, openWorldHint: false };

/** The tools, each in the name of whoever is calling. */
export class Tools {
  private readonly logger = new Logger(Tools.name);

  constructor(private readonly options: ToolsOptions) {}

  register(server: McpServer, asker: OnBehalf): void {
    server.registerTool(
      'whoami',
      {
        title: 'Who am I',
        description: 'Who is calling, as the gateway has proved it, and what the credential in use may do.',
        outputSchema: shapes.WHOAMI,
        annotations: READS,
      },
      () => this.run(asker, undefined, () => Promise.resolve(whoami(asker))),
    );
    server.registerTool(
      'list_models',
      {
        title: 'List models',
        description: 'The language models that chat can use.',
        outputSchema: shapes.MODELS,
        annotations: READS,
      },
      () => this.run(asker, 'llm:read', () => this.models(asker)),
    );
    server.registerTool(
      'chat',
      {
        title: 'Chat',
        description: 'Asks a language model and gives its answer.',
        inputSchema: shapes.CHAT_INPUT,
        outputSchema: shapes.CHAT,
        annotations: { readOnlyHint: true, openWorldHint: true },
      },
      (input) => this.run(asker, 'llm', () => this.chat(asker, input)),
    );
    server.registerTool(
      'list_media',
      {
        title: 'List my files',
        description: 'The files that the caller has stored, newest first.',
        inputSchema: shapes.LIST_MEDIA_INPUT,
        outputSchema: shapes.MEDIA,
        annotations: READS,
      },
      (input) => this.run(asker, 'media:read', () => this.media(asker, input)),
    );
  }

  private async models(asker: OnBehalf) {
    const answer = await this.options.llmApi.call('/v1/models', asker);
    const { data } = await contentOf('llm-api', answer, shapes.MODEL_LIST);
    return { models: data };
  }

  private async chat(asker: OnBehalf, input: Readonly<Record<string, unknown>>) {
    const call = { ...asker, method: 'POST', body: { ...input, stream: false }, timeoutMs: CHAT_MS };
    const answer = await this.options.llmApi.call('/v1/chat/completions', call);
    const { model, choices } = await contentOf('llm-api', answer, shapes.COMPLETION);
    const [first] = choices;
    return { model, content: first?.message.content ?? '', finish_reason: first?.finish_reason ?? null };
  }

  private async media(asker: OnBehalf, input: { limit?: number; cursor?: string }) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(input)) query.set(name, String(value));
    const answer = await this.options.mediaApi.call(`/media?${query.toString()}`, asker);
    return contentOf('media-api', answer, z.object(shapes.MEDIA));
  }

  /** What a key lacks is said before anything is asked, and why a service would not, afterwards. */
  private async run(
    { principal, requestId }: OnBehalf,
    scope: Scope | undefined,
    work: () => Promise<Record<string, unknown>>,
  ): Promise<CallToolResult> {
    try {
      if (scope !== undefined && !hasScope(principal.scopes, scope))
        throw InsufficientScope({ scopes: [scope], realm: this.options.realm });
      const content = await work();
      return { structuredContent: content, content: [{ type: 'text', text: JSON.stringify(content) }] };
    } catch (error) {
      const text = this.wordsOf(error, requestId);
      return { isError: true, content: [{ type: 'text', text }] };
    }
  }

  private wordsOf(error: unknown, requestId: string): string {
    if (error instanceof Problem) return error.detail;
    if (error instanceof ToolFailure) return error.message;
    const reason = error instanceof Error ? error.stack : String(error);
    this.logger.error(`a tool failed in request ${requestId}: ${reason}`);
    return `Something went wrong on our side. Ask about request ${requestId}.`;
  }
}

function whoami({ principal }: OnBehalf) {
  const { id, username, kind, scopes, via } = principal;
  return { id, username, kind, method: via.method, scopes: [...scopes] };
}
