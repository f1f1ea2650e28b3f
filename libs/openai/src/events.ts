/** What a stream of OpenAI's chat ends with when it is whole. */
export const LAST_EVENT = '[DONE]';

/** Longest event that is kept in memory while it arrives. */
const MAX_EVENT_CHARACTERS = 4 * 1024 * 1024;

/** One server-sent event. @param name where clients switch on it, as those of the Responses API do */
export function eventText(data: string, name?: string): string {
  return `${name === undefined ? '' : `event: ${name}\n`}data: ${data}\n\n`;
}

/**
 * The data of server-sent events, one after the other as they arrive. Comments, names and ids are passed over; an event
 * that the end cuts off is none (HTML standard, 9.2.6).
 *
 * @throws {Error} an event is too long to be kept
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let open = '';
  let lines: string[] = [];
  for await (const chunk of chunks) {
    const whole = (open + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    open = whole.pop() ?? '';
    for (const line of whole) {
      if (line !== '') lines.push(line);
      else if (lines.length > 0) {
        const data = dataOf(lines);
        lines = [];
        if (data !== undefined) yield data;
      }
    }
    if (open.length + lines.reduce((sum, { length }) => sum + length, 0) > MAX_EVENT_CHARACTERS)
      throw new Error('a server-sent event is too long');
  }
}

function dataOf(lines: readonly string[]): string | undefined {
  const data = lines
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).replace(/^ /, ''));
  return data.length === 0 ? undefined : data.join('\n');
}
