import { describe, expect, it } from '@jest/globals';
import { echo, ECHO_MODELS } from './echo.js';
import type { ChatRequest } from './provider.js';

const saying = (content: ChatRequest['messages'][number]['content'], more: object = {}): ChatRequest => ({
  model: 'echo',
  messages: [{ role: 'user', content }],
  ...more,
});
const text = (request: ChatRequest) => echo(request).words.join('');

describe('the built-in echo', () => {
  it('says what it is, and what it was told last', () => {
    const messages = [
      { role: 'user', content: 'first' },
      { role: 'user', content: 'Good  morning,\nworld ' },
      { role: 'assistant', content: 'mine' },
    ];
    const answer = text({ model: 'echo', messages });
    expect(answer).toMatch(/^I am the built-in echo of Gatehouse, not a language model/);
    expect(answer).toMatch(/You said: Good {2}morning,\nworld$/);
  });

  it('reads parts, and passes over what has no text', () => {
    const parts = [{ type: 'text', text: 'see' }, { type: 'image_url' }, { type: 'text', text: 'this' }];
    expect(text(saying(parts))).toMatch(/You said: see {2}this$/);
    expect(text(saying(null))).toMatch(/You said:$/);
  });

  it('counts words as tokens, the same each time', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 21, total_tokens: 24 };
    expect(echo(saying('one two three'))).toMatchObject({ usage, finishReason: 'stop' });
    expect(echo(saying(' one\ntwo\tthree ')).usage).toEqual(usage);
  });

  it('stops where it is told to, and never says more than 4096 words', () => {
    for (const limit of ['max_tokens', 'max_completion_tokens'])
      expect(echo(saying('hello', { [limit]: 2 }))).toMatchObject({
        words: ['I ', 'am'],
        finishReason: 'length',
        usage: { completion_tokens: 2 },
      });
    expect(echo(saying('x '.repeat(10_000), { max_tokens: 9000 })).words).toHaveLength(4096);
  });

  it('owns its models by name', () => {
    expect(ECHO_MODELS.map(({ id, owned_by }) => [id, owned_by])).toEqual([
      ['echo', 'gatehouse-echo'],
      ['qwen/qwen2.5-0.5b-instruct', 'gatehouse-echo'],
    ]);
  });
});
