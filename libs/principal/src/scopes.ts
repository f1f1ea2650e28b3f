const FULL = ['llm', 'media', 'responses', 'mcp', 'keys'] as const;
type FullScope = (typeof FULL)[number];

/** `<name>:read` allows reading only. */
export type Scope = FullScope | `${FullScope}:read`;

const READ = ':read';

/** What an API key may be limited to. */
export const ALL_SCOPES: readonly Scope[] = FULL.flatMap((scope) => [scope, `${scope}:read` as const]);
/** What a new API key gets unless it asks: managing keys must be asked for. */
export const DEFAULT_SCOPES: readonly Scope[] = FULL.filter((scope) => scope !== 'keys');
/** What a session has: everything, as a full scope includes reading. */
export const SESSION_SCOPES: readonly Scope[] = FULL;

/** Whether the scopes held allow `needed`: the full scope includes reading, reading never includes the rest. */
export function hasScope(held: readonly string[], needed: Scope): boolean {
  return held.includes(needed) || (needed.endsWith(READ) && held.includes(needed.slice(0, -READ.length)));
}
