import { ConfigurationError, type Parsed, setting } from '#config';
import { serviceSettings } from '#service';
import type { MediaOptions } from './media/index.js';
import type { StoreOptions } from './store/index.js';

const MEGABYTE = 1024 * 1024;
const GIGABYTE = 1024 * MEGABYTE;
const bytes = (help: string) => setting.integer(help, { min: 1, max: Number.MAX_SAFE_INTEGER });
const count = (help: string) => setting.integer(help, { min: 1, max: 100_000 });

/** Every setting of media-api, and the only place that reads the environment. */
export const SETTINGS = {
  ...serviceSettings({ port: 8285, internalPort: 9285 }),
  MEDIA_STORE: setting
    .oneOf(
      ['disk', 's3'],
      'Where files are kept: in MEDIA_FOLDER, or in a bucket of an S3-compatible server.',
    )
    .default('disk'),
  MEDIA_FOLDER: setting
    .text('Folder of MEDIA_STORE=disk, made if it is missing.')
    .default('.gatehouse/media'),
  MEDIA_KEEP_FREE_BYTES: setting
    .integer('A disk with less room than this takes no more files.', {
      min: 0,
      max: Number.MAX_SAFE_INTEGER,
    })
    .default(256 * MEGABYTE),
  S3_ENDPOINT: setting.url('Address of the S3 server; buckets are addressed by path.').optional(),
  S3_REGION: setting.text('Its region.').default('us-east-1'),
  S3_BUCKET: setting.text('The bucket, which must be there.').optional(),
  S3_ACCESS_KEY_ID: setting
    .text('Left out together with the secret where the machine has a role of its own.')
    .optional(),
  S3_SECRET_ACCESS_KEY: setting.secret('The secret of that key.', { minLength: 8 }).optional(),
  MEDIA_MAX_BYTES: bytes('Longest file.').default(25 * MEGABYTE),
  MEDIA_QUOTA_OBJECTS: count('As many files one principal may keep.').default(1000),
  MEDIA_QUOTA_BYTES: bytes('As many bytes all his files may have.').default(GIGABYTE),
  MEDIA_GUEST_QUOTA_OBJECTS: count('The same for a guest, whom anybody can be.').default(20),
  MEDIA_GUEST_QUOTA_BYTES: bytes('The same for a guest.').default(50 * MEGABYTE),
};

export type AppConfig = Parsed<typeof SETTINGS>;

export function mediaOptions(config: AppConfig): MediaOptions {
  return {
    maxBytes: config.MEDIA_MAX_BYTES,
    quota: { maxObjects: config.MEDIA_QUOTA_OBJECTS, maxBytes: config.MEDIA_QUOTA_BYTES },
    guestQuota: { maxObjects: config.MEDIA_GUEST_QUOTA_OBJECTS, maxBytes: config.MEDIA_GUEST_QUOTA_BYTES },
  };
}

/** @throws {ConfigurationError} MEDIA_STORE=s3 without what it needs, or half of a key */
export function storeOptions(config: AppConfig): StoreOptions {
  if (config.MEDIA_STORE === 'disk')
    return { kind: 'disk', folder: config.MEDIA_FOLDER, keepFreeBytes: config.MEDIA_KEEP_FREE_BYTES };
  const { S3_ENDPOINT: endpoint, S3_BUCKET: bucket, S3_REGION: region } = config;
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  const faults = Object.entries({ S3_ENDPOINT: endpoint, S3_BUCKET: bucket })
    .filter(([, value]) => value === undefined)
    .map(([name]) => `${name}: must be set where MEDIA_STORE is s3`);
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    faults.push('S3_ACCESS_KEY_ID: must be set together with S3_SECRET_ACCESS_KEY');
  if (endpoint === undefined || bucket === undefined || faults.length > 0)
    throw new ConfigurationError(faults);
  const credentials =
    accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey };
  return { kind: 's3', endpoint, bucket, region, credentials };
}
