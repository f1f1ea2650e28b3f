import { eventText, type OpenAiError } from '#openai';
import {
  began,
  type KeptResponse,
  message,
  outputText,
  type PublicResponse,
  publicResponse,
} from './response.js';

/** A response as the events of OpenAI's Responses API: each has its name, and its number in the row. */
export class ResponseEvents {
  private sequence = 0;
  private text = '';
  private readonly start: ReturnType<typeof began>;
  private readonly place: { readonly item_id: string; readonly output_index: 0; readonly content_index: 0 };

  constructor(
    private readonly head: Omit<KeptResponse, 'completion'>,
    model: string,
  ) {
    this.start = began({ ...head, model });
    this.place = { item_id: message(head.id, '', 'in_progress').id, output_index: 0, content_index: 0 };
  }

  begin(): string {
    const item = message(this.head.id, '', 'in_progress');
    return [
      this.event('response.created', { response: this.start }),
      this.event('response.in_progress', { response: this.start }),
      this.event('response.output_item.added', { output_index: 0, item }),
      this.event('response.content_part.added', { ...this.place, part: outputText('') }),
    ].join('');
  }

  more(delta: string): string {
    this.text += delta;
    return this.event('response.output_text.delta', { ...this.place, delta, logprobs: [] });
  }

  end(response: KeptResponse): string {
    const whole: PublicResponse = publicResponse(response);
    const { text } = this;
    return [
      this.event('response.output_text.done', { ...this.place, text, logprobs: [] }),
      this.event('response.content_part.done', { ...this.place, part: outputText(text) }),
      this.event('response.output_item.done', { output_index: 0, item: whole.output[0] }),
      this.event(`response.${whole.status}`, { response: whole }),
    ].join('');
  }

  /** What went wrong after the beginning: nothing is kept of such a response. */
  fail({ message, code, param }: OpenAiError): string {
    return this.event('error', { message, code, param });
  }

  private event(type: string, members: object): string {
    const sequence_number = this.sequence;
    this.sequence += 1;
    return eventText(JSON.stringify({ type, sequence_number, ...members }), type);
  }
}
