import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.js';
import { scrub } from './redaction.js';

const TOKEN = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(40)}.${'b'.repeat(40)}`;
const KEY = `sk_live_${'A1b2'.repeat(8)}abc123`;

describe('a log line', () => {
  it.each([
    ['a token in a message', `refused ${TOKEN} from client`, 'refused [redacted] from client'],
    ['a key in a URL', `GET /x?k=${KEY}`, 'GET /x?k=[redacted]'],
    [
      'a password in quoted JSON',
      '"body":"{\\"password\\":\\"hunter22\\"}"',
      '"body":"{\\"password\\":\\"[redacted]\\"}"',
    ],
    ["a registered client's key", '{\\"apikey\\":\\"k3y-k3y\\"}', '{\\"apikey\\":\\"[redacted]\\"}'],
    [
      'a form',
      'grant_type=password&client_secret=abc&x=1',
      'grant_type=password&client_secret=[redacted]&x=1',
    ],
  ])('loses %s', (_name, line, expected) => {
    expect(scrub(line)).toBe(expected);
  });

  it('keeps ordinary text', () => {
    const line = '{"msg":"user logged in","path":"/auth/api-keys","user_id":"4f7c"}';
    expect(scrub(line)).toBe(line);
  });

  it('loses secrets by field name, nested ones and those inside an error too', () => {
    const lines: string[] = [];
    const logger = createLogger({ service: 'test', level: 'info' }, { write: (line) => lines.push(line) });
    logger.info(
      { body: { password: 'hunter22' }, refresh_token: TOKEN, cause: { deep: { secret: 'x1y2' } } },
      'a',
    );
    logger.error({ err: new Error(`upstream said ${KEY}`) }, `b ${TOKEN}`);
    const failed = {
      parameters: ['said to me alone'],
      driverError: { where: 'JSON data: said to me alone' },
    };
    logger.error({ err: Object.assign(new Error('no such column'), failed) }, 'c');
    const text = lines.join('');
    expect(lines).toHaveLength(3);
    for (const secret of ['hunter22', TOKEN, KEY, 'x1y2', 'said to me alone'])
      expect(text).not.toContain(secret);
  });
});
