import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { hasScope, InsufficientScope, type Principal } from '#principal';
import type { OnBehalf } from '#service';
import { type Chat, ModelService } from './model.service.js';
import {
  type Completion,
  conversation,
  type KeptResponse,
  messagesOf,
  type ResponseSettings,
  storable,
  uuidOf,
} from './response.js';
import type { ResponseRequest } from './response-request.js';
import { ConversationTooLong, ResponseLimitReached, ResponseNotFound } from './responses.problems.js';
import { type Link, ResponsesRepository } from './responses.repository.js';
import { RESPONSES_OPTIONS, type ResponsesOptions } from './responses.options.js';

const DAY_MS = 86_400_000;
const MOST_LINKS = 100;
const MOST_BYTES = 3 * 1024 * 1024;

/** A response that is about to be made: checked, and with all that it continues. */
export interface Draft {
  readonly head: Omit<KeptResponse, 'completion'>;
  readonly before: readonly Link[];
  readonly chat: Chat;
  readonly errand: OnBehalf;
}

/** Makes responses and keeps them for whoever asked. Nothing is kept before it is whole. */
@Injectable()
export class ResponsesService {
  constructor(
    @Inject(RESPONSES_OPTIONS) private readonly options: ResponsesOptions,
    private readonly responses: ResponsesRepository,
    private readonly model: ModelService,
  ) {}

  /** @throws {Problem} InsufficientScope, ResponseNotFound, ResponseLimitReached, ConversationTooLong */
  async draft(request: ResponseRequest, errand: OnBehalf): Promise<Draft> {
    const principal = this.passedOn(errand.principal);
    const settings = settingsOf(request);
    const limit = principal.kind === 'guest' ? this.options.maxPerGuest : this.options.maxPerOwner;
    if (settings.store && (await this.responses.count(principal.id)) >= limit)
      throw ResponseLimitReached({ limit });
    const before = await this.before(principal.id, request.previous_response_id ?? undefined);
    const input = messagesOf(request.input);
    const messages = conversation(settings.instructions, before, input);
    if (Buffer.byteLength(JSON.stringify(messages)) > MOST_BYTES) throw ConversationTooLong();
    const chat = {
      model: request.model,
      messages,
      ...given({
        temperature: settings.temperature,
        top_p: settings.top_p,
        max_tokens: settings.max_output_tokens,
      }),
    };
    const head = {
      id: randomUUID(),
      ownerId: principal.id,
      previousId: before.at(-1)?.id ?? null,
      input,
      settings,
      createdAt: new Date(),
    };
    return { head, before, chat, errand: { ...errand, principal } };
  }

  /** @throws {Problem} llm-api's, or that of the database, and then nothing is kept */
  async complete(draft: Draft): Promise<KeptResponse> {
    return this.keep(draft, await this.model.complete(draft.chat, draft.errand));
  }

  /** Yields the text as it comes, and keeps the whole of it before it returns. @throws {Problem} as `complete` */
  async *stream(draft: Draft): AsyncGenerator<string, KeptResponse> {
    return this.keep(draft, yield* this.model.stream(draft.chat, draft.errand));
  }

  /** @throws {Problem} ResponseNotFound */
  async get(ownerId: string, id: string): Promise<KeptResponse> {
    const uuid = uuidOf(id);
    const found = uuid === undefined ? undefined : await this.responses.find(ownerId, uuid);
    if (found === undefined) throw ResponseNotFound();
    return found;
  }

  /** @throws {Problem} ResponseNotFound */
  async delete(ownerId: string, id: string): Promise<void> {
    const uuid = uuidOf(id);
    if (uuid === undefined || !(await this.responses.delete(ownerId, uuid))) throw ResponseNotFound();
  }

  /**
   * Who llm-api is told is asking. A key chats here only if it may chat there: we lend nobody what he was not given. An
   * application has one scope, that of the API it subscribed to, and whoever approved `responses` approved what they are
   * made of; so that is what is said of it.
   *
   * @throws {Problem} InsufficientScope
   */
  private passedOn(principal: Principal): Principal {
    if (principal.kind === 'application') return { ...principal, scopes: ['llm'] };
    if (hasScope(principal.scopes, 'llm')) return principal;
    throw InsufficientScope({ scopes: ['responses', 'llm'], realm: this.options.realm });
  }

  private async before(ownerId: string, previous: string | undefined): Promise<readonly Link[]> {
    if (previous === undefined) return [];
    const uuid = uuidOf(previous);
    const chain = uuid === undefined ? [] : await this.responses.chain(ownerId, uuid, MOST_LINKS);
    if (chain.length > MOST_LINKS) throw ConversationTooLong();
    // One that continues what is gone would be answered out of context.
    if (chain[0] === undefined || chain[0].previousId !== null) throw ResponseNotFound();
    return chain;
  }

  private async keep({ head, before, errand }: Draft, completion: Completion): Promise<KeptResponse> {
    errand.signal.throwIfAborted();
    const response = { ...head, completion: storable(completion) };
    const expiresAt = new Date(head.createdAt.getTime() + this.options.ttlDays * DAY_MS);
    if (head.settings.store) await this.responses.keep(response, before, expiresAt);
    return response;
  }
}

function settingsOf(request: ResponseRequest): ResponseSettings {
  const { instructions, metadata, temperature, top_p, max_output_tokens, store } = request;
  return {
    instructions: instructions ?? null,
    metadata: metadata ?? {},
    temperature: temperature ?? null,
    top_p: top_p ?? null,
    max_output_tokens: max_output_tokens ?? null,
    store: store ?? true,
  };
}

function given(wishes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(wishes).filter(([, value]) => value !== null));
}
