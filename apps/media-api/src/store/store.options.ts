import type { Secret } from '#config';

export interface S3Options {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Left out where the machine has a role of its own (the SDK's default chain). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: Secret } | undefined;
}

/** Where objects are kept. */
export type StoreOptions =
  | { readonly kind: 'disk'; readonly folder: string; readonly keepFreeBytes: number }
  | ({ readonly kind: 's3' } & S3Options);
