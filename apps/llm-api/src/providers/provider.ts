/** A model as OpenAI lists it; a provider may say more of it. */
export interface Model {
  readonly id: string;
  readonly object: 'model';
  /** Seconds since 1970. */
  readonly created: number;
  readonly owned_by: string;
  readonly [more: string]: unknown;
}

export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly { readonly type: string; readonly text?: unknown }[] | null;
  readonly [more: string]: unknown;
}

/** What we know of a chat; whatever else stands in it is between the caller and the provider. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
  readonly [more: string]: unknown;
}

/** Something that answers chats, or several things behind one address. Knows nothing of who asks. */
export interface Provider {
  /** Its prefix; for our logs and numbers. */
  readonly name: string;
  /** @throws {Problem} ProviderFailed, ProviderUnavailable, ProviderTooSlow */
  models(): Promise<readonly Model[]>;
  /** @throws {Problem} as `models`, or one of REFUSALS @throws {unknown} the signal's reason */
  chat(request: ChatRequest, signal: AbortSignal): Promise<object>;
  /**
   * Resolves when the answer begins. Its chunks are JSON texts; that they end without a throw means that it is whole.
   *
   * @throws {Problem} as `chat`, also while it goes on
   */
  stream(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<string>>;
}
