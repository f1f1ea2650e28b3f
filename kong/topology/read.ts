import { load } from 'js-yaml';

export type Kind = 'service' | 'route' | 'consumer' | 'plugin';
type Fields = Readonly<Record<string, unknown>>;

/** Something of a declarative file: its own fields, and what it belongs to. */
export interface Item {
  readonly kind: Kind;
  /** Unique among its kind but for plugins, of which there may be many of a name. */
  readonly name: string;
  readonly fields: Fields;
  readonly service?: Item;
  readonly route?: Item;
  readonly consumer?: Item;
}

/** A declarative file, nested or flat, as flat lists. */
export interface DeclarativeFile {
  readonly services: readonly Item[];
  readonly routes: readonly Item[];
  readonly consumers: readonly Item[];
  readonly plugins: readonly Item[];
  /** What could not be read at all. */
  readonly faults: readonly string[];
}

const SECTIONS = { services: 'service', routes: 'route', consumers: 'consumer', plugins: 'plugin' } as const;
type Section = keyof typeof SECTIONS;
const FRAME = ['_format_version', '_transform', '_comment'];
const PARENTS = ['service', 'route', 'consumer'] as const;
type Parents = Partial<Record<(typeof PARENTS)[number], Item>>;
const CREDENTIALS =
  /^(acls|consumer_groups|oauth2_(tokens|credentials|authorization_codes)|jwt_secrets|\w+_credentials)$/;

/** `plugin rate-limiting of route llm, consumer tier-guest`. */
export function describe(item: Item): string {
  const parents = PARENTS.flatMap((kind) => (item[kind] ? [`${kind} ${item[kind].name}`] : []));
  return `${item.kind} ${item.name}${parents.length > 0 ? ` of ${parents.join(', ')}` : ''}`;
}

/** Reads a file in Kong's declarative format as decK and `POST /config` do. */
export function readDeclarative(text: string): DeclarativeFile {
  const reader = new Reader();
  try {
    reader.read(load(text));
  } catch (error) {
    reader.faults.push(`not YAML: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
  }
  return { ...reader.items, faults: reader.faults };
}

class Reader {
  readonly faults: string[] = [];
  readonly items: Record<Section, Item[]> = { services: [], routes: [], consumers: [], plugins: [] };

  read(document: unknown): void {
    if (!isFields(document)) {
      this.faults.push('not a declarative file');
      return;
    }
    if (document['_format_version'] !== '3.0') this.faults.push('_format_version must be "3.0"');
    for (const section of Object.keys(document)) {
      if (CREDENTIALS.test(section)) this.faults.push(`${section}: credentials do not belong in Git`);
      else if (!(section in SECTIONS) && !FRAME.includes(section))
        this.faults.push(`${section}: not a section we use`);
    }
    for (const section of ['services', 'routes', 'consumers', 'plugins'] as const) {
      this.collect(section, document[section], {});
    }
    // Last, because they may name anything.
    for (const { entry, parents } of this.plugins) this.add('plugins', entry, parents);
  }

  private readonly plugins: { readonly entry: unknown; readonly parents: Parents }[] = [];

  private collect(section: Section, list: unknown, parents: Parents): void {
    if (list === undefined) return;
    if (!Array.isArray(list)) this.faults.push(`${section} must be a list`);
    else if (section === 'plugins') this.plugins.push(...list.map((entry: unknown) => ({ entry, parents })));
    else for (const entry of list) this.add(section, entry, parents);
  }

  private add(section: Section, entry: unknown, parents: Parents): void {
    const kind = SECTIONS[section];
    const given = isFields(entry) ? (entry[kind === 'consumer' ? 'username' : 'name'] ?? '') : '';
    if (!isFields(entry) || typeof given !== 'string' || given === '') {
      this.faults.push(`a ${kind} has no ${kind === 'consumer' ? 'username' : 'name'}`);
      return;
    }
    const { fields, children, references } = this.split(kind, given, entry);
    const item: Item = { kind, name: given, fields, ...parents, ...references };
    this.items[section].push(item);
    for (const [name, list] of children) this.collect(name, list, { [kind]: item });
  }

  private split(kind: Kind, name: string, entry: Fields) {
    const fields: Record<string, unknown> = {};
    const children: [Section, unknown][] = [];
    const references: Record<string, Item> = {};
    for (const [field, value] of Object.entries(entry)) {
      if (isParent(field) && kind !== 'service' && kind !== 'consumer') {
        const found = this.find(field, value);
        if (found) references[field] = found;
        else this.faults.push(`${kind} ${name}: there is no ${field} ${JSON.stringify(value)}`);
      } else if (kind !== 'plugin' && (field === 'plugins' || (field === 'routes' && kind === 'service')))
        children.push([field, value]);
      else if (CREDENTIALS.test(field))
        this.faults.push(`${kind} ${name}: ${field}: credentials do not belong in Git`);
      else fields[field] = value;
    }
    return { fields, children, references };
  }

  /** A reference is a name, an id, or either in an object. */
  private find(kind: (typeof PARENTS)[number], reference: unknown): Item | undefined {
    const key = isFields(reference)
      ? (reference['id'] ?? reference['name'] ?? reference['username'])
      : reference;
    return this.items[`${kind}s`].find(
      (item) => key === item.name || (key !== undefined && key === item.fields['id']),
    );
  }
}

function isParent(field: string): field is (typeof PARENTS)[number] {
  return (PARENTS as readonly string[]).includes(field);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
