import { ValidationFailed } from '#problem';

/** Where a page ended: when that consumer was made, in microseconds since 1970 as text (a Date would cut them), and its id. */
export interface PageEnd {
  readonly createdAtUs: string;
  readonly id: string;
}

const CURSOR = /^(\d{1,16})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

export function encodeCursor({ createdAtUs, id }: PageEnd): string {
  return Buffer.from(`${createdAtUs}.${id}`).toString('base64url');
}

/** @throws {Problem} ValidationFailed: it is no cursor of this list */
export function decodeCursor(cursor: string): PageEnd {
  const [, createdAtUs, id] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (createdAtUs === undefined || id === undefined)
    throw ValidationFailed({ errors: [{ field: 'cursor', detail: 'must be a next_cursor of this list' }] });
  return { createdAtUs, id };
}
