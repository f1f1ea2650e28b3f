import type { ConsumerState, Fields } from './consumer-state.js';

/** The topology as Kong's declarative format has it: each thing stands inside what it belongs to. */
export type Declaration = Readonly<Record<string, unknown>> & {
  readonly consumers?: readonly { readonly id: string }[];
};

/** What the format calls the lists inside a consumer. Kong's oauth2 needs a database. */
const SECTIONS = {
  'key-auths': 'keyauth_credentials',
  acls: 'acls',
  jwts: 'jwt_secrets',
  plugins: 'plugins',
} as const;

/**
 * Everything that a Kong without a database should hold, as the text of which it keeps the MD5: JSON, which is YAML too.
 * The same state is the same text, so that what has not changed is not sent.
 */
export function wholeConfiguration(topology: Declaration, state: ConsumerState): string {
  const children = new Map<string, Record<string, unknown[]>>();
  for (const [kind, section] of Object.entries(SECTIONS) as [keyof typeof SECTIONS, string][]) {
    for (const { consumer, ...entity } of state[kind] as readonly (Fields & { consumer: { id: string } })[]) {
      const lists = children.get(consumer.id) ?? {};
      children.set(consumer.id, lists);
      (lists[section] ??= []).push(entity);
    }
  }
  const consumers = [...(topology.consumers ?? []), ...state.consumers].map((consumer) => ({
    ...consumer,
    ...children.get(consumer.id),
  }));
  return JSON.stringify({ ...topology, consumers });
}
