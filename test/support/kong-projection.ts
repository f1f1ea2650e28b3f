import { KongAdmin, KongNodes } from '#kong-admin';
import { eventually } from './auth-api.js';
import type { Desired } from './desired.js';

export const OURS = 'managed-by:gatehouse';

type Fields = { readonly id: string; readonly tags?: readonly string[] | null } & Readonly<
  Record<string, unknown>
>;

/** What a Kong holds of ours, as a test reads it. */
export class KongProjection {
  readonly admin: KongAdmin;

  constructor(adminUrl: string) {
    const nodes = new KongNodes({ urls: [adminUrl], timeoutMs: 10_000, tokenHeader: undefined });
    this.admin = new KongAdmin(nodes, adminUrl);
  }

  async list(kind: 'consumers' | 'key-auths' | 'acls' | 'oauth2' | 'plugins' | 'jwts'): Promise<Fields[]> {
    return (await this.admin.list(kind, { tag: OURS })) as unknown as Fields[];
  }

  /** As `Desired.all`: usernames and keys by consumer. */
  async all(): Promise<Map<string, { readonly username: string; readonly keys: readonly string[] }>> {
    const [consumers, keys] = await Promise.all([this.list('consumers'), this.list('key-auths')]);
    const found = new Map(
      consumers.map(({ id, username }) => [id, { username: String(username), keys: [] as string[] }]),
    );
    for (const { consumer, key } of keys) {
      const { id } = consumer as { id: string };
      const owner = found.get(id);
      if (owner) owner.keys.push(String(key));
      else found.set(id, { username: `nobody: key of ${id}`, keys: [String(key)] });
    }
    for (const { keys: all } of found.values()) all.sort();
    return found;
  }

  /** Waits until Kong holds what should be there, exactly that. */
  async equals(desired: Desired, withinMs: number): Promise<void> {
    let difference = 'never looked';
    await eventually(
      async () => {
        const [wanted, there] = [await desired.all(), await this.all()];
        difference = differenceOf(wanted, there);
        return difference === '' && (await desired.waiting()) === 0;
      },
      'Kong holds what it should',
      withinMs,
    ).catch((error: unknown) => {
      throw new Error(`Kong does not hold what it should: ${difference || 'something still waits'}`, {
        cause: error,
      });
    });
  }
}

type Holdings = ReadonlyMap<string, { readonly username: string; readonly keys: readonly string[] }>;

function differenceOf(wanted: Holdings, there: Holdings): string {
  const missing = [...wanted.keys()].filter((id) => !there.has(id)).length;
  const orphans = [...there.keys()].filter((id) => !wanted.has(id)).length;
  const wrong = [...wanted].filter(
    ([id, each]) => there.has(id) && JSON.stringify(there.get(id)) !== JSON.stringify(each),
  ).length;
  return missing + orphans + wrong === 0 ? '' : `${missing} missing, ${orphans} orphans, ${wrong} different`;
}
