import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  constants,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Bytes } from './values.js';
import { many, type Native } from './state.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const keys = new Map<number, KeyObject>();
let lastKey = 0;

function loadKey(source: string, format: string | undefined, type: string | undefined): KeyObject {
  if (format === 'JWK' || source.trimStart().startsWith('{')) {
    const key = JSON.parse(source) as Record<string, string>;
    return 'd' in key && type !== 'pu'
      ? createPrivateKey({ key, format: 'jwk' })
      : createPublicKey({ key, format: 'jwk' });
  }
  return /PRIVATE KEY/.test(source) ? createPrivateKey(source) : createPublicKey(source);
}

/** OpenSSL as lua-resty-openssl shows it, and the hashes of ngx. Keys are numbers on the Lua side. */
export const cryptoApi: Readonly<Record<string, Native>> = {
  hash: (algorithm: string, data: string) => new Bytes(createHash(algorithm).update(bytes(data)).digest()),
  hmac: (algorithm: string, key: string, data: string) =>
    new Bytes(createHmac(algorithm, bytes(key)).update(bytes(data)).digest()),
  random: (count: number) => new Bytes(randomBytes(count)),
  uuid: () => crypto.randomUUID(),
  crc32: (data: string) => crc32(bytes(data)),
  key_new: (source: string, format?: string, type?: string) => {
    try {
      keys.set((lastKey += 1), loadKey(bytes(source).toString(), format, type));
      return many(lastKey, undefined);
    } catch (error) {
      return many(undefined, `pkey.new:load_key: ${(error as Error).message}`);
    }
  },
  key_free: (id: number) => void keys.delete(id),
  key_pem: (id: number, part: string) => {
    const key = keys.get(id);
    if (!key) return undefined;
    if (part === 'private') return key.export({ type: 'pkcs8', format: 'pem' }).toString();
    return (key.type === 'private' ? createPublicKey(key) : key)
      .export({ type: 'spki', format: 'pem' })
      .toString();
  },
  key_verify: (id: number, signature: string, data: string, algorithm: string, padding?: number) => {
    const key = keys.get(id);
    if (!key) return many(undefined, 'pkey:verify: no such key');
    try {
      const options =
        key.asymmetricKeyType === 'rsa' ? { padding: padding ?? constants.RSA_PKCS1_PADDING } : {};
      return many(verify(algorithm, bytes(data), { key, ...options }, bytes(signature)), undefined);
    } catch (error) {
      return many(undefined, `pkey:verify: ${(error as Error).message}`);
    }
  },
  key_sign: (id: number, data: string, algorithm: string) => {
    const key = keys.get(id);
    if (!key) return many(undefined, 'pkey:sign: no such key');
    try {
      return many(new Bytes(sign(algorithm, bytes(data), key)), undefined);
    } catch (error) {
      return many(undefined, `pkey:sign: ${(error as Error).message}`);
    }
  },
  base64_encode: (data: string, isPlain?: boolean) => {
    const text = bytes(data).toString('base64');
    return isPlain ? text.replace(/=+$/, '') : text;
  },
  base64_decode: (text: string) => {
    if (!/^[A-Za-z0-9+/\s]*={0,2}$/.test(text)) return undefined;
    const bare = text.replace(/[=\s]/g, '');
    return bare.length % 4 === 1 ? undefined : new Bytes(Buffer.from(bare, 'base64'));
  },
  base64url_encode: (data: string) => bytes(data).toString('base64url'),
  base64url_decode: (text: string) => {
    if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text)) return many(undefined, 'invalid input');
    const bare = text.replace(/=/g, '');
    return bare.length % 4 === 1
      ? many(undefined, 'invalid input')
      : new Bytes(Buffer.from(bare, 'base64url'));
  },
};
