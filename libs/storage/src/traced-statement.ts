import { AsyncResource } from 'node:async_hooks';
import type { Pool } from 'pg';
import { isTracing, startClientSpan } from '#telemetry';

const OPERATION = /^\s*([a-z]+)/i;
const TABLE = /\b(?:from|into|update|table)\s+(?:only\s+)?"?([a-z_][a-z0-9_.]*)/i;

/**
 * Sends a statement, as a span of the request that it is part of. The span names operation, first table and the name of a
 * prepared statement; neither the text nor the values are kept.
 */
export function tracedStatement(
  input: readonly unknown[],
  send: (input: readonly unknown[]) => unknown,
): unknown {
  const span = isTracing() ? startClientSpan(...describeStatement(input[0])) : undefined;
  if (span === undefined) return send(input);
  const finish = (error: unknown) => {
    if (error) span.fail((error as { code?: string }).code ?? 'error');
    span.end();
  };
  const callback = input.at(-1);
  if (typeof callback === 'function')
    return send([
      ...input.slice(0, -1),
      (error: unknown, result: unknown) => {
        finish(error);
        (callback as (error: unknown, result: unknown) => void)(error, result);
      },
    ]);
  const answer = send(input);
  if (answer instanceof Promise) answer.then(() => finish(undefined), finish);
  else finish(undefined); // a cursor or a stream: only that it was sent is known
  return answer;
}

/** A statement that waits for a connection is sent by whoever gives one back, and still belongs to who asked for it. */
export function keepCallers(pool: Pool): void {
  if (!isTracing()) return;
  const connect = pool.connect.bind(pool) as (callback?: () => void) => unknown;
  pool.connect = ((callback?: () => void) =>
    connect(callback && AsyncResource.bind(callback))) as Pool['connect'];
}

/** Name and attributes of a statement's span. */
export function describeStatement(query: unknown): [name: string, attributes: Record<string, string>] {
  const { name, text } =
    typeof query === 'string'
      ? { name: undefined, text: query }
      : (query as { name?: string; text?: string });
  const operation = OPERATION.exec(text ?? '')?.[1]?.toUpperCase() ?? 'QUERY';
  const table = TABLE.exec(text ?? '')?.[1];
  const summary = table === undefined ? operation : `${operation} ${table}`;
  const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': operation };
  return [
    summary,
    {
      ...attributes,
      ...(table !== undefined && { 'db.collection.name': table }),
      ...(name !== undefined && { 'db.statement.name': name }),
    },
  ];
}
