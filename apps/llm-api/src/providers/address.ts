import { ConfigurationError, Secret } from '#config';

/** Where a provider is, and what it knows us by. */
export interface ProviderAddress {
  /** Undefined for the one that answers for every model without a known prefix. */
  readonly prefix: string | undefined;
  readonly url: URL;
  readonly key: Secret | undefined;
}

interface ProviderSettings {
  readonly url?: string;
  readonly key?: Secret;
  /** `prefix=url` */
  readonly urls: readonly string[];
  /** `prefix=key`, with commas between. */
  readonly keys?: Secret;
}

const PREFIX = /^[a-z0-9][a-z0-9.-]{0,31}$/;

/** @throws {ConfigurationError} naming every entry that is wrong, and no key */
export function providerAddresses({ url, key, urls, keys }: ProviderSettings): readonly ProviderAddress[] {
  const faults: string[] = [];
  const keyOf = new Map<string, Secret>();
  for (const [prefix, value] of (keys?.reveal().split(',') ?? []).map(pair)) {
    if (!urls.some((entry) => pair(entry)[0] === prefix))
      faults.push('LLM_PROVIDER_KEYS: has an entry whose prefix is not in LLM_PROVIDERS');
    else keyOf.set(prefix, new Secret(value));
  }
  if (key !== undefined && url === undefined)
    faults.push('LLM_PROVIDER_KEY: is of no use without LLM_PROVIDER_URL');
  const named = urls.map(pair).map(([prefix, address]) => {
    if (!PREFIX.test(prefix) || !isHttp(address))
      faults.push(`LLM_PROVIDERS: "${prefix}" must be a prefix, then =, then a URL (http: or https:)`);
    return { prefix, address };
  });
  if (new Set(named.map(({ prefix }) => prefix)).size < named.length)
    faults.push('LLM_PROVIDERS: has a prefix twice');
  if (faults.length > 0) throw new ConfigurationError([...new Set(faults)]);
  const first = url === undefined ? [] : [{ prefix: undefined, url: new URL(url), key }];
  return [
    ...first,
    ...named.map(({ prefix, address }) => ({ prefix, url: new URL(address), key: keyOf.get(prefix) })),
  ];
}

function pair(entry: string): [prefix: string, value: string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry.trim(), ''] : [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Whose a model is by its name: `openai/gpt-x` is `gpt-x` of `openai`, if there is one; else it is taken as it is. */
export function splitModel(
  model: string,
  prefixes: readonly string[],
): { readonly prefix: string | undefined; readonly model: string } {
  const at = model.indexOf('/');
  const prefix = model.slice(0, Math.max(at, 0));
  return prefixes.includes(prefix) && at > 0
    ? { prefix, model: model.slice(at + 1) }
    : { prefix: undefined, model };
}
