import { describe, expect, it } from '@jest/globals';
import { type ArgumentsHost, HttpException } from '@nestjs/common';
import { declaredProblems, defineProblem, Problem, problemText } from './problem.js';
import { ProblemFilter, toProblem } from './problem.filter.js';

const KeyLimit = defineProblem<{ limit: number }>({
  type: 'test/limit-reached',
  status: 409,
  title: 'Limit reached',
  detail: ({ limit }) => `At most ${limit}.`,
  extensions: ({ limit }) => ({ limit }),
  headers: () => ({ 'retry-after': '3' }),
  help: 'Revoke one.',
});

describe('a problem type', () => {
  it('is declared once', () => {
    expect(() => defineProblem({ ...KeyLimit.definition, detail: '' } as never)).toThrow('declared twice');
    expect(declaredProblems().filter(({ type }) => type === 'test/limit-reached')).toHaveLength(1);
  });

  it.each(['limit', 'Test/limit', 'a/b/c', 'a/b c'])('is named module/name, not %s', (type) => {
    expect(() => defineProblem({ ...KeyLimit.definition, type, detail: '' } as never)).toThrow(
      'not module/name',
    );
  });

  it('recognises its own and no other', () => {
    expect(KeyLimit.is(KeyLimit({ limit: 1 }))).toBe(true);
    expect(KeyLimit.is(new Error('x'))).toBe(false);
  });

  it('cannot have its members replaced by an extension', () => {
    const sly = new Problem('test/sly', 400, 'Sly', 'detail', { status: 200, type: 'x' });
    expect(sly.body()).toMatchObject({ status: 400, type: '/docs/problems/test/sly' });
  });
});

describe('members that all failures of a service have', () => {
  const more = (problem: Problem) => ({ error: { message: problem.detail }, status: 1, limit: 0 });

  it('stand beside those of the problem, which win', () => {
    const { type, title } = KeyLimit({ limit: 5 }).body();
    expect(JSON.parse(problemText(KeyLimit({ limit: 5 }), 'r-1', more))).toEqual({
      type,
      title,
      status: 409,
      detail: 'At most 5.',
      limit: 5,
      error: { message: 'At most 5.' },
      request_id: 'r-1',
    });
  });
});

describe('the filter', () => {
  const answer = (
    error: unknown,
  ): { status: number; headers: Record<string, string>; body: Record<string, unknown> } => {
    const sent = { status: 0, headers: {}, body: {} };
    const reply = {
      sent: false,
      raw: { headersSent: false },
      code: (status: number) => ((sent.status = status), reply),
      headers: (values: Record<string, string>) => ((sent.headers = values), reply),
      send: (body: string) => (sent.body = JSON.parse(body)),
    };
    const http = { getRequest: () => ({ id: 'r-1' }), getResponse: () => reply };
    new ProblemFilter(() => undefined).catch(error, { switchToHttp: () => http } as unknown as ArgumentsHost);
    return sent;
  };

  it('sends a problem as RFC 9457 wants it', () => {
    const { status, headers, body } = answer(KeyLimit({ limit: 5 }));
    expect(status).toBe(409);
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': '3',
    });
    expect(body).toEqual({
      type: '/docs/problems/test/limit-reached',
      title: 'Limit reached',
      status: 409,
      detail: 'At most 5.',
      limit: 5,
      request_id: 'r-1',
    });
  });

  it('never tells the cause', () => {
    const { body } = answer(KeyLimit({ limit: 5 }, { cause: new Error('password hunter22') }));
    expect(JSON.stringify(body)).not.toContain('hunter22');
  });

  it('turns what nobody expected into a 500 that says nothing but the request id', () => {
    const { status, body } = answer(new Error('connection string postgres://u:hunter22@db'));
    expect(status).toBe(500);
    expect(body['detail']).toContain('r-1');
    expect(JSON.stringify(body)).not.toContain('hunter22');
  });

  it.each([
    [404, new HttpException('Cannot GET /x', 404), 'request/not-found'],
    [413, Object.assign(new Error('big'), { statusCode: 413 }), 'request/too-large'],
    [415, Object.assign(new Error('type'), { statusCode: 415 }), 'request/unsupported-media-type'],
    [
      400,
      Object.assign(new SyntaxError('Unexpected token s in hunter22'), { statusCode: 400 }),
      'request/malformed',
    ],
    [431, Object.assign(new Error('headers'), { statusCode: 431 }), 'request/refused'],
    [500, Object.assign(new Error('odd'), { statusCode: 599 }), 'server/internal'],
  ])('gives the framework’s %d a type of its own', (status, error, type) => {
    const problem = toProblem(error, 'r-1');
    expect([problem.status, problem.type]).toEqual([status, type]);
    expect(problem.detail).not.toContain('hunter22');
  });
});
