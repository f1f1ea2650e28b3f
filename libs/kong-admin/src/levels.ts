import { fieldsOf, type Item } from './state.js';

/** A group of things that may be written at the same time; of two groups, the later one needs the earlier one. */
export interface Level {
  readonly name: string;
  readonly holds: (item: Item) => boolean;
}

const ofRoute = ({ kind, entity }: Item): boolean =>
  kind === 'plugins' && ((fieldsOf(entity)['route'] as object | null | undefined) ?? null) !== null;

/**
 * The order in which things are made; they are removed in the reverse one. Plugins without a route stand before the
 * routes: what they close is closed from the first request on.
 */
export const LEVELS: readonly Level[] = [
  { name: 'services and consumers', holds: ({ kind }) => kind === 'services' || kind === 'consumers' },
  {
    name: 'credentials and plugins of no route',
    holds: (item) => !['services', 'consumers', 'routes'].includes(item.kind) && !ofRoute(item),
  },
  { name: 'routes', holds: ({ kind }) => kind === 'routes' },
  { name: 'plugins of routes', holds: ofRoute },
];

/** With what opens something after everything that closes, and removed before it. */
export function levelsWith(opens: (item: Item) => boolean): readonly Level[] {
  return [
    ...LEVELS.map(({ name, holds }) => ({ name, holds: (item: Item) => !opens(item) && holds(item) })),
    { name: 'what opens', holds: opens },
  ];
}
