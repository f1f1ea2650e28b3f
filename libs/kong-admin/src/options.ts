import type { Secret } from '#config';

export interface KongAdminOptions {
  /** Admin API of each node, without a slash at the end; none where there is no gateway yet. */
  readonly urls: readonly string[];
  /** Longest wait for one answer. */
  readonly timeoutMs: number;
  /** Sent with every request where the Admin API stands behind something that asks for it. */
  readonly tokenHeader: { readonly name: string; readonly value: Secret } | undefined;
  /** What we show and whom we trust where the Admin API speaks TLS. */
  readonly tls?: KongAdminTls;
}

/** Each as PEM. */
export interface KongAdminTls {
  readonly cert?: string;
  readonly key?: Secret;
  /** In the place of the authorities that Node brings. */
  readonly ca?: string;
}

export const KONG_ADMIN_OPTIONS = Symbol('kong admin options');
