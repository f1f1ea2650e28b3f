import { ArgumentsHost, Catch, ExceptionFilter, HttpException } from '@nestjs/common';
import {
  BodyTooLarge,
  InternalError,
  MalformedRequest,
  NotFound,
  RequestRefused,
  UnsupportedMediaType,
} from './common.problems.js';
import { type MoreMembers, Problem, problemText } from './problem.js';

/** The parts of a Fastify reply that the filter uses. */
interface Reply {
  readonly sent: boolean;
  readonly raw: { readonly headersSent: boolean };
  code(status: number): Reply;
  headers(values: Readonly<Record<string, string>>): Reply;
  send(body: string): unknown;
}

/** Told of every failure before it is answered; the place where causes are logged. */
export type ProblemObserver = (problem: Problem, request: { id?: unknown }) => void;

/** Sends every failure as `application/problem+json` (RFC 9457); what is unknown becomes a 500 without its cause. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly observe: ProblemObserver,
    private readonly more?: MoreMembers,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<{ id?: unknown }>();
    const reply = host.switchToHttp().getResponse<Reply>();
    const requestId = typeof request.id === 'string' ? request.id : 'unknown';
    const problem = toProblem(error, requestId);
    this.observe(problem, request);
    if (reply.sent || reply.raw.headersSent) return;
    reply
      .code(problem.status)
      .headers({
        'cache-control': 'no-store',
        ...problem.headers,
        'content-type': 'application/problem+json; charset=utf-8',
      })
      .send(problemText(problem, requestId, this.more));
  }
}

/** Turns anything thrown into a problem: ours as they are, the framework's by status, the rest into a 500. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (error instanceof Problem) return error;
  const status = statusOf(error);
  const reason = error instanceof Error ? error.message : '';
  switch (status) {
    case 400:
      return MalformedRequest({ reason: clientReason(error, reason) }, { cause: error });
    case 404:
      return NotFound(undefined, { cause: error });
    case 413:
      return BodyTooLarge(undefined, { cause: error });
    case 415:
      return UnsupportedMediaType(undefined, { cause: error });
    default:
      if (status >= 400 && status < 500) return refused(status, error);
      return InternalError({ requestId }, { cause: error });
  }
}

/** What Node and Fastify refuse by themselves, before any endpoint. */
const REFUSALS: Readonly<Record<number, string>> = {
  408: 'The request took too long to arrive.',
  414: 'The address of this request is too long.',
  431: 'The address and the headers of this request are too long.',
};

function refused(status: number, cause: unknown): Problem {
  const { definition } = RequestRefused;
  const reason = REFUSALS[status] ?? 'The server does not accept this request.';
  return new Problem(definition.type, status, definition.title, reason, {}, {}, { cause });
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : 500;
}

/** Fastify's codes in our words; JSON parser messages may quote the body, so they are not repeated. */
function clientReason(error: unknown, message: string): string {
  const code = (error as { code?: unknown }).code;
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
    return 'The body is empty although Content-Type says application/json.';
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') return 'Content-Length does not match the body.';
  if (error instanceof SyntaxError || code === 'FST_ERR_CTP_INVALID_JSON_BODY' || /JSON/.test(message))
    return 'The body is not valid JSON.';
  return 'The request could not be read.';
}
