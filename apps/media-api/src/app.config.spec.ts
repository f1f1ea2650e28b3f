import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, parseSettings, placeholders } from '#config';
import { SETTINGS, storeOptions } from './app.config.js';

const given = (environment: Record<string, string>) =>
  storeOptions(parseSettings(SETTINGS, { ...placeholders(SETTINGS), ...environment }));

describe('where files are kept', () => {
  it('is a folder unless it is said', () => {
    expect(given({ MEDIA_FOLDER: '/srv/media' })).toMatchObject({ kind: 'disk', folder: '/srv/media' });
  });

  it('S3 needs its address and its bucket, and a key whole or not at all', () => {
    const half = () => given({ MEDIA_STORE: 's3', S3_ACCESS_KEY_ID: 'x' });
    expect(half).toThrow(ConfigurationError);
    expect(half).toThrow(/S3_ENDPOINT.*S3_BUCKET.*S3_ACCESS_KEY_ID/);
    const S3 = { MEDIA_STORE: 's3', S3_ENDPOINT: 'http://s3.internal:9000', S3_BUCKET: 'media' };
    expect(given(S3)).toMatchObject({ kind: 's3', region: 'us-east-1', credentials: undefined });
    const keyed = { ...S3, S3_ACCESS_KEY_ID: 'x', S3_SECRET_ACCESS_KEY: 'not a secret' };
    expect(JSON.stringify(given(keyed))).not.toContain('not a secret');
  });
});
