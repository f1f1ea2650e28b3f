/** Error codes of JSON-RPC 2.0 §5.1; -32000 is where servers have their own. */
export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const SERVER_ERROR = -32_000;

export interface JsonRpcError {
  readonly jsonrpc: '2.0';
  readonly id: string | number | null;
  readonly error: { readonly code: number; readonly message: string };
}

export function jsonRpcError(code: number, message: string, id: JsonRpcError['id'] = null): JsonRpcError {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

/** A body that is one JSON-RPC message as far as it can be told without knowing methods; else why it is none. */
export function parseMessage(text: string): { readonly message: object } | { readonly fault: JsonRpcError } {
  const fault = (code: number, message: string, id?: JsonRpcError['id']) => ({
    fault: jsonRpcError(code, message, id),
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault(PARSE_ERROR, 'The body is not valid JSON.');
  }
  if (Array.isArray(value))
    return fault(
      INVALID_REQUEST,
      'Batches ended with protocol version 2025-06-18: send one message a request.',
    );
  if (typeof value !== 'object' || value === null)
    return fault(INVALID_REQUEST, 'The body must be a JSON-RPC message, which is an object.');
  const { jsonrpc, id, method, result, error } = value as Readonly<Record<string, unknown>>;
  const known = typeof id === 'string' || typeof id === 'number' ? id : null;
  if (jsonrpc !== '2.0') return fault(INVALID_REQUEST, '`jsonrpc` must be "2.0".', known);
  if ('id' in value && known === null)
    return fault(INVALID_REQUEST, '`id` must be text or a number, and is left out of a notification.');
  if (typeof method !== 'string' && result === undefined && error === undefined)
    return fault(INVALID_REQUEST, '`method` must name what is asked for.', known);
  return { message: value };
}
