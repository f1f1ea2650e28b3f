import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Secret } from '#config';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A sealed secret that none of our keys opens: it was made with another CREDENTIAL_KEY, or was tampered with. */
export class Unsealable extends Error {
  constructor(readonly id: string) {
    super(
      `the secret of credential ${id} can not be opened: was CREDENTIAL_KEY replaced without its predecessor?`,
    );
    this.name = 'Unsealable';
  }
}

/**
 * Secrets that we must be able to say again to a Kong that lost them: AES-256-GCM, nonce before and tag behind, bound to
 * the id of what they belong to, so that a row can not be given another's secret. The first key seals, every one opens.
 */
export class Seal {
  readonly #keys: readonly Buffer[];

  /** @param keys 32 bytes each as base64, the present one first */
  constructor(keys: readonly Secret[]) {
    this.#keys = keys.map((key) => Buffer.from(key.reveal(), 'base64'));
  }

  seal(secret: Secret, id: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const [key] = this.#keys;
    if (key === undefined) throw new Error('there is no key to seal with');
    const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(id));
    return Buffer.concat([
      nonce,
      cipher.update(secret.reveal(), 'utf8'),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
  }

  /** @throws {Unsealable} */
  open(sealed: Buffer, id: string): Secret {
    for (const key of this.#keys) {
      try {
        return openWith(key, sealed, id);
      } catch {
        continue; // another key may have sealed it
      }
    }
    throw new Unsealable(id);
  }

  /** The same secret sealed with the present key; undefined where it is already. @throws {Unsealable} */
  renew(sealed: Buffer, id: string): Buffer | undefined {
    try {
      openWith(this.#keys[0] as Buffer, sealed, id);
      return undefined;
    } catch {
      return this.seal(this.open(sealed, id), id);
    }
  }
}

function openWith(key: Buffer, sealed: Buffer, id: string): Secret {
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, NONCE_BYTES))
    .setAAD(Buffer.from(id))
    .setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const text = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
  return new Secret(Buffer.concat([text, decipher.final()]).toString('utf8'));
}
