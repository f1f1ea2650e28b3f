import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Completion,
  conversation,
  type KeptResponse,
  messagesOf,
  publicId,
  publicResponse,
  storable,
  uuidOf,
} from './response.js';
import { ResponseEvents } from './response-events.js';

const completion: Completion = {
  model: 'm-2',
  text: 'Hello.',
  finishReason: 'stop',
  usage: { prompt_tokens: 2, completion_tokens: 3 },
};
const kept = (more: Partial<Completion> = {}): KeptResponse => ({
  id: '01234567-89ab-4def-8123-456789abcdef',
  ownerId: 'ann',
  previousId: null,
  input: [],
  completion: { ...completion, ...more },
  settings: {
    instructions: null,
    metadata: {},
    temperature: null,
    top_p: null,
    max_output_tokens: null,
    store: true,
  },
  createdAt: new Date(5000),
});

describe('what a model said', () => {
  it('is kept without what PostgreSQL cannot keep', () => {
    const odd = { ...completion, model: 'm\0', text: 'a\0b\ud800c\u{1f600}', finishReason: '\udc00' };
    const clean = { model: 'm\ufffd', text: 'a\ufffdb\ufffdc\u{1f600}', finishReason: '\ufffd' };
    expect(storable(odd)).toEqual({ ...completion, ...clean });
    expect(storable(completion)).toEqual(completion);
  });
});

describe('the id of a response', () => {
  it('leads back to its UUID, and nothing else does', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => uuidOf(publicId(uuid)) === uuid));
    fc.assert(fc.property(fc.string(), (text) => uuidOf(text) === undefined));
  });
});

describe('what a model is sent', () => {
  it('is instructions, all that was said before, and what is said now', () => {
    const before = [{ input: messagesOf('One.'), completion }];
    expect(conversation('Be kind.', before, messagesOf('Two.'))).toEqual([
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'One.' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'Two.' },
    ]);
  });

  it('has texts as one text, so that an output may be put in as it came out', () => {
    const { output } = publicResponse(kept());
    expect(messagesOf(output)).toEqual([{ role: 'assistant', content: 'Hello.' }]);
  });
});

describe('a response in the shape of OpenAI', () => {
  it('is complete when the model has ended by itself', () => {
    expect(publicResponse(kept())).toMatchObject({
      created_at: 5,
      model: 'm-2',
      status: 'completed',
      incomplete_details: null,
      usage: { input_tokens: 2, output_tokens: 3, total_tokens: 5 },
    });
  });

  it.each([
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ])('is incomplete when it ended by %s', (finishReason, reason) => {
    expect(publicResponse(kept({ finishReason }))).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason },
      output: [{ status: 'incomplete' }],
    });
  });

  it('has no usage where the model tells none', () => {
    expect(publicResponse(kept({ usage: undefined })).usage).toBeNull();
  });

  it('as events names each, numbers them, and ends as the whole says', () => {
    const response = kept({ finishReason: 'length' });
    const events = new ResponseEvents(response, 'm');
    const text = events.begin() + events.more('Hel') + events.more('lo.') + events.end(response);
    const told = text
      .trim()
      .split('\n\n')
      .map(
        (block) => JSON.parse(block.split('data: ')[1] ?? '') as { type: string; sequence_number: number },
      );
    expect(told.map(({ sequence_number: number }) => number)).toEqual(told.map((_, index) => index));
    expect(told.map(({ type }) => type.replace('response.', ''))).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'incomplete',
    ]);
    expect(told.at(-4)).toMatchObject({ text: 'Hello.' });
  });
});
