import { readFileSync } from 'node:fs';
import { ConfigurationError, Secret, setting } from '#config';
import type { KongAdminTls } from './options.js';

/** The settings of an Admin API that speaks TLS; each names a file (PEM). */
export const TLS_SETTINGS = {
  KONG_ADMIN_CLIENT_CERT: setting.text('File (PEM): certificate that is shown to the Admin API.').optional(),
  KONG_ADMIN_CLIENT_KEY: setting.text('File (PEM): key of KONG_ADMIN_CLIENT_CERT.').optional(),
  KONG_ADMIN_CA: setting
    .text('File (PEM): who signs the certificate of the Admin API, if it is no public authority.')
    .optional(),
};

type TlsFiles = { readonly [name in keyof typeof TLS_SETTINGS]?: string | undefined };

/** @throws {ConfigurationError} a file can not be read, or one of certificate and key is missing */
export function readTls(files: TlsFiles): KongAdminTls {
  const faults: string[] = [];
  const read = (name: keyof TlsFiles): string | undefined => {
    const path = files[name];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      faults.push(`${name}: ${path} can not be read (${(error as NodeJS.ErrnoException).code})`);
      return undefined;
    }
  };
  const key = read('KONG_ADMIN_CLIENT_KEY');
  const tls = { cert: read('KONG_ADMIN_CLIENT_CERT'), ca: read('KONG_ADMIN_CA') };
  if ((files.KONG_ADMIN_CLIENT_CERT === undefined) !== (files.KONG_ADMIN_CLIENT_KEY === undefined))
    faults.push('KONG_ADMIN_CLIENT_CERT and KONG_ADMIN_CLIENT_KEY: set both or none');
  if (faults.length > 0) throw new ConfigurationError(faults);
  return { ...tls, key: key === undefined ? undefined : new Secret(key) };
}
