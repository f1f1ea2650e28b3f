import { statusOf } from './api-key.js';
import type { ApiKeyRow } from './api-key.entity.js';
import type { KeyDto } from './api-keys.dto.js';

/** A key as its owner sees it. */
export function toKeyDto(row: ApiKeyRow, now: Date): KeyDto {
  const life = { expiresAt: row.expiresAt, revokedAt: row.revokedAt ?? undefined };
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    suffix: row.suffix,
    status: statusOf(life, now),
    scopes: row.scopes,
    tier: row.tier,
    created_at: row.createdAt.toISOString(),
    expires_at: row.expiresAt.toISOString(),
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    replaced_by: row.replacedBy,
  };
}
