import { type Entity, isUuid } from '../entities/value.js';
import type { Gateway } from '../gateway.js';
import type { Exchange } from '../proxy/exchange.js';
import { Exit } from '../proxy/exit.js';
import type { Config } from './handler.js';

/** Tells the upstream who calls; what the caller sent of that is overwritten or cleared. */
export function setConsumer(
  exchange: Exchange,
  consumer: Entity,
  credential?: Entity,
  identifier?: string,
): void {
  exchange.consumer = consumer;
  exchange.credential = credential;
  const set = (name: string, value: unknown) =>
    typeof value === 'string' && value !== ''
      ? exchange.headers.set(name, value)
      : exchange.headers.delete(name);
  set('X-Consumer-ID', consumer['id']);
  set('X-Consumer-Custom-ID', consumer['custom_id']);
  set('X-Consumer-Username', consumer['username']);
  set('X-Credential-Identifier', identifier);
  set('X-Anonymous-Consumer', credential ? undefined : 'true');
}

/**
 * Several authentications on one route: without `anonymous` each must succeed; with it the first to succeed is enough,
 * and who fails goes on as the anonymous consumer.
 *
 * @throws {Exit} the refusal, when there is no anonymous consumer
 */
export async function authenticate(
  exchange: Exchange,
  config: Config,
  gateway: Gateway,
  judge: () => Promise<Exit | undefined> | Exit | undefined,
): Promise<void> {
  const anonymous = config['anonymous'];
  if (typeof anonymous !== 'string') {
    const refusal = await judge();
    if (refusal) throw refusal;
    return;
  }
  if (exchange.credential) return;
  if (!(await judge())) return;
  const consumer = isUuid(anonymous)
    ? (gateway.dao.select('consumers', anonymous) ?? gateway.dao.selectBy('consumers', 'username', anonymous))
    : gateway.dao.selectBy('consumers', 'username', anonymous);
  if (!consumer) throw new Error(`anonymous consumer ${anonymous} not found`);
  setConsumer(exchange, consumer);
}

export const isPreflightSkipped = (exchange: Exchange, config: Config): boolean =>
  config['run_on_preflight'] === false && exchange.method === 'OPTIONS';
