import type { FastifyReply } from 'fastify';
import type { ConsumerRow } from './consumer.entity.js';
import type { RateLimits } from './consumer.js';
import type { AppliedDto, ConsumerDto, PendingEndDto, RateLimitsDto } from './consumers.dto.js';

/** A consumer as an administrator sees it. */
export function toConsumerDto(row: ConsumerRow): ConsumerDto {
  return {
    id: row.id,
    origin: row.origin,
    username: row.username,
    custom_id: row.customId,
    tags: row.tags,
    groups: row.groups,
    limits: row.limits === null ? null : toLimitsDto(row.limits),
    created_at: row.createdAt.toISOString(),
    ...toAppliedDto(row),
  };
}

export function toLimitsDto({ minute, hour }: RateLimits): RateLimitsDto {
  return { per_minute: minute ?? null, per_hour: hour ?? null };
}

export function toAppliedDto(
  row: Pick<ConsumerRow, 'revision' | 'appliedRevision' | 'changedAt' | 'failure'>,
): AppliedDto {
  const active = row.revision === row.appliedRevision;
  return { active, pending_since: active ? null : row.changedAt.toISOString(), failure: row.failure };
}

/** 204 once Kong has forgotten what ended, until then 202. */
export function showEnd(reply: FastifyReply, isConfirmed: boolean): PendingEndDto | undefined {
  if (isConfirmed) return undefined;
  void reply.code(202);
  return { status: 'ended', pending: true };
}
