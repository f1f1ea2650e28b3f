/** Headers in order, with their spelling and repetitions, as they go over the wire. */
export class Headers {
  #list: [string, string][];

  constructor(raw: readonly string[] = []) {
    this.#list = [];
    for (let index = 0; index + 1 < raw.length; index += 2)
      this.#list.push([raw[index] ?? '', raw[index + 1] ?? '']);
  }

  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#list.find(([each]) => each.toLowerCase() === wanted)?.[1];
  }

  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#list.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** In the place of all of that name. */
  set(name: string, value: string | readonly string[]): void {
    const wanted = name.toLowerCase();
    const at = this.#list.findIndex(([each]) => each.toLowerCase() === wanted);
    const made = (typeof value === 'string' ? [value] : value).map((each): [string, string] => [name, each]);
    const kept = this.#list.filter(([each]) => each.toLowerCase() !== wanted);
    kept.splice(at < 0 ? kept.length : Math.min(at, kept.length), 0, ...made);
    this.#list = kept;
  }

  add(name: string, value: string): void {
    this.#list.push([name, value]);
  }

  delete(name: string): void {
    const wanted = name.toLowerCase();
    this.#list = this.#list.filter(([each]) => each.toLowerCase() !== wanted);
  }

  entries(): readonly (readonly [string, string])[] {
    return this.#list;
  }

  /** As Node takes and gives them: name, value, name, value. */
  raw(): string[] {
    return this.#list.flat();
  }
}

const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'trailers', 'transfer-encoding', 'upgrade', 'proxy', 'expect', 'proxy-authenticate']; // prettier-ignore

/** Removes what belongs to one connection only, and what `Connection` names (RFC 9110 §7.6.1). */
export function dropHopByHop(headers: Headers): void {
  const named = headers.getAll('connection').flatMap((value) => value.split(',').map((name) => name.trim()));
  for (const name of [...named, ...HOP_BY_HOP])
    if (name !== '' && !/^(close|upgrade|content-length|host)$/i.test(name)) headers.delete(name);
  for (const name of HOP_BY_HOP) headers.delete(name);
}
