import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { ClientGone } from '#service';
import { LOGGER } from '#telemetry';
import { splitModel } from './address.js';
import { EchoProvider } from './echo.provider.js';
import { ChatMeasure } from './provider-metrics.js';
import type { ChatRequest, Model, Provider } from './provider.js';
import { ModelNotFound } from './providers.problems.js';
import { PROVIDERS_OPTIONS, type ProvidersOptions } from './providers.options.js';
import { ServerProvider } from './server.provider.js';

/** For so long a provider is not asked again what it has. */
const LIST_KEPT_MS = 30_000;

/** Finds the provider of a model, asks it, and keeps count. */
@Injectable()
export class Providers {
  /** By prefix; empty for the one without. */
  private readonly byPrefix: ReadonlyMap<string, Provider>;
  private readonly lists = new LRUCache<string, Promise<readonly Model[]>>({ max: 100, ttl: LIST_KEPT_MS });

  constructor(
    @Inject(PROVIDERS_OPTIONS) { addresses, timeouts }: ProvidersOptions,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    const servers = addresses.map(
      (address) => [address.prefix ?? '', new ServerProvider(address, timeouts)] as const,
    );
    this.byPrefix = new Map<string, Provider>(servers.length > 0 ? servers : [['', new EchoProvider()]]);
  }

  /**
   * The models of all providers. One that does not answer is left out, as long as another does.
   *
   * @throws {Problem} none answers: why the first does not
   */
  async models(): Promise<readonly Model[]> {
    const lists = await Promise.allSettled([...this.byPrefix.keys()].map((prefix) => this.modelsOf(prefix)));
    const failures = lists.flatMap((list) => (list.status === 'rejected' ? [list.reason as unknown] : []));
    if (failures.length === lists.length) throw failures[0];
    for (const err of failures) this.logger.warn({ err }, 'a provider is left out of the models');
    return lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : []));
  }

  /** @throws {Problem} ModelNotFound, or why its provider does not say */
  async model(id: string): Promise<Model> {
    const { prefix = '' } = splitModel(id, [...this.byPrefix.keys()]);
    const models = this.byPrefix.has(prefix) ? await this.modelsOf(prefix) : [];
    const found = models.find((model) => model.id === id);
    if (found === undefined) throw ModelNotFound({ model: id });
    return found;
  }

  /** @throws {Problem} ModelNotFound, ClientGone, or the provider's */
  chat(request: ChatRequest, signal: AbortSignal): Promise<object> {
    return this.measured(request, signal, async (provider, passed, measure) => {
      const answer = await provider.chat(passed, signal);
      measure.begun();
      measure.ended();
      return answer;
    });
  }

  /** Resolves when the answer begins. @throws {Problem} as `chat`; its chunks as well */
  stream(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<string>> {
    return this.measured(request, signal, async (provider, passed, measure) => {
      const chunks = await provider.stream(passed, signal);
      measure.begun();
      return measuredChunks(chunks, measure);
    });
  }

  private async measured<T>(
    request: ChatRequest,
    signal: AbortSignal,
    work: (provider: Provider, passed: ChatRequest, measure: ChatMeasure) => Promise<T>,
  ): Promise<T> {
    const { prefix = '', model } = splitModel(request.model, [...this.byPrefix.keys()]);
    const provider = this.byPrefix.get(prefix);
    if (provider === undefined) throw ModelNotFound({ model: request.model });
    const measure = new ChatMeasure(provider.name);
    try {
      return await work(provider, { ...request, model }, measure);
    } catch (error) {
      measure.ended(signal.aborted ? ClientGone() : error);
      throw error;
    }
  }

  private async modelsOf(prefix: string): Promise<readonly Model[]> {
    const known = this.lists.get(prefix);
    if (known !== undefined) return known;
    const asked = this.askModels(prefix);
    this.lists.set(prefix, asked);
    asked.catch(() => this.lists.delete(prefix));
    return asked;
  }

  private async askModels(prefix: string): Promise<readonly Model[]> {
    const models = (await this.byPrefix.get(prefix)?.models()) ?? [];
    return prefix === '' ? models : models.map((model) => ({ ...model, id: `${prefix}/${model.id}` }));
  }
}

async function* measuredChunks(
  chunks: AsyncIterable<string>,
  measure: ChatMeasure,
): AsyncGenerator<string, void> {
  let failure: unknown = ClientGone();
  try {
    for await (const chunk of chunks) yield chunk;
    failure = undefined;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    measure.ended(failure);
  }
}
