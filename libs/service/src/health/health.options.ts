/** What the probes of one service ask about. */
export interface HealthOptions {
  /** An address that asks who is calling: /health/auth calls it as a stranger, who must be refused. */
  readonly closedPath: string;
  /** With AUTH_MODE=log strangers come in on purpose. */
  readonly mode: 'enforce' | 'log';
  /** Whether the service's database answers; left out where there is none. */
  readonly database?: () => Promise<boolean>;
}

export const HEALTH_OPTIONS = Symbol('health options');
