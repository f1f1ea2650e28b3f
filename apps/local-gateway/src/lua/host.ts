import type { IncomingMessage } from 'node:http';
import type { Answer } from '../admin/answer.js';
import type { AdminCall } from '../admin/endpoints.js';

/** What the gateway asks of the side that runs Lua. */
export interface LuaHost {
  configure(): void;
  metrics(): string;
  toJson(value: unknown): unknown;
  answerAdmin(call: AdminCall, request: IncomingMessage): Promise<Answer | undefined>;
}
