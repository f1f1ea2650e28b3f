/** APIs that are open to subscriptions: each is `/apis/<name>` at the edge and the ACL group of those that may use it. */
export const API_NAMES = ['llm', 'media', 'responses', 'mcp', 'echo'] as const;
export type ApiName = (typeof API_NAMES)[number];
