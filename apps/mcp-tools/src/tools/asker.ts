import type { Principal } from '#principal';

/** Who has sent the message that a tool is called by. */
export interface Asker {
  readonly principal: Principal;
  /** `X-Request-Id` of his request. */
  readonly requestId: string;
  /** Aborted when he has gone. */
  readonly signal: AbortSignal;
}
