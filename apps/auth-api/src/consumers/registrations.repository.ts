import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '#storage';
import type { RegistrationRow } from './registration.entity.js';

const KEPT = `interval '24 hours'`;

/** Of several at once with one key the first to get here goes on; the others wait until it has committed, or failed. */
const CLAIM = `
  INSERT INTO registrations AS r (key_hash, body_hash, consumer_id, credential_id, created_at)
  VALUES ($1, $2, $3, $4, now())
  ON CONFLICT (key_hash) DO UPDATE SET body_hash = excluded.body_hash, consumer_id = excluded.consumer_id,
    credential_id = excluded.credential_id, created_at = excluded.created_at
  WHERE r.created_at < now() - ${KEPT}
  RETURNING true`;

const EARLIER = `
  SELECT key_hash AS "keyHash", body_hash AS "bodyHash", consumer_id AS "consumerId", credential_id AS "credentialId"
  FROM registrations WHERE key_hash = $1`;

/** What a request with an Idempotency-Key makes, or has made. */
export type KeptRegistration = Omit<RegistrationRow, 'createdAt'>;

/** Which Idempotency-Keys were used within the last day, and for what. */
@Injectable()
export class RegistrationsRepository {
  constructor(private readonly database: Database) {}

  /** Takes the key for this registration. @returns what it stands for already, or undefined: it is taken now */
  async claim(
    manager: EntityManager,
    { keyHash, bodyHash, consumerId, credentialId }: KeptRegistration,
  ): Promise<KeptRegistration | undefined> {
    const claimed = await manager.query<unknown[]>(CLAIM, [keyHash, bodyHash, consumerId, credentialId]);
    if (claimed.length > 0) return undefined;
    const [earlier] = await manager.query<KeptRegistration[]>(EARLIER, [keyHash]);
    return earlier;
  }

  async forgetOld(): Promise<void> {
    await this.database.run(
      { name: 'registrations-forget', text: `DELETE FROM registrations WHERE created_at < now() - ${KEPT}` },
      [],
    );
  }
}
