import { textOf } from '../entities/value.js';
import type { Config, PluginHandler } from './handler.js';

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const REFUSED = 'You cannot consume this service';

export const aclPlugin: PluginHandler = {
  name: 'acl',
  version: '3.9.3',
  priority: 950,
  access: (exchange, { config }, gateway) => {
    const { consumer, credential, authenticatedGroups: given } = exchange;
    const mayBeGiven = !consumer || !credential || config['always_use_authenticated_groups'] === true;
    let groups: readonly string[];
    let header = 'X-Consumer-Groups';
    if (given && mayBeGiven) {
      groups = given;
      header = 'X-Authenticated-Groups';
    } else if (!consumer) {
      throw credential ? exchange.error(403, REFUSED) : exchange.error(401);
    } else {
      const rows = gateway.dao.each('acls', { field: 'consumer', id: textOf(consumer['id']) });
      groups = [...rows].map((row) => textOf(row['group']));
      if (groups.length === 0 && strings(config['deny']).length === 0)
        throw credential ? exchange.error(403, REFUSED) : exchange.error(401);
    }
    if (!isAllowed(config, groups)) throw exchange.error(403, REFUSED);
    if (config['hide_groups_header'] !== true && groups.length > 0)
      exchange.headers.set(header, groups.join(', '));
  },
};

function isAllowed(config: Config, groups: readonly string[]): boolean {
  const deny = strings(config['deny']);
  if (deny.length > 0) return !groups.some((group) => deny.includes(group));
  const allow = strings(config['allow']);
  return groups.some((group) => allow.includes(group));
}
