import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { refusalOf, UsersService } from '../users/index.js';
import { KongNodes, type NodeRequest } from '#kong-admin';
import { ChangeFeed, Database } from '#storage';
import { LOGGER } from '#telemetry';
import { NodeWatch } from './node-watch.service.js';

/** The longest life of a token, with a minute for clocks: after that nobody holds one that needs blocking. */
const TOKEN_LIFE_SECONDS = 3660;

const BLOCKED = {
  name: 'blocked-subjects',
  text: `SELECT id, deleted_at IS NOT NULL AS deleted FROM users WHERE (deleted_at IS NOT NULL OR NOT enabled)
         AND read_at > now() - make_interval(secs => $1)`,
};

interface BlockedRow {
  readonly id: string;
  readonly deleted: boolean;
}

/**
 * Tells every gateway node whose tokens and keys are to be refused whatever it has cached: at once when a person is
 * disabled, enabled or deleted, and the whole list when a node may have missed something.
 *
 * Each node is told one thing after another, and a person's standing is read when it is said: what a node heard last
 * is what is so, however fast a person is disabled and enabled, and whatever list was under way.
 */
@Injectable()
export class BlockedSubjects {
  /** Who the nodes were told to refuse: only these need to be taken back. */
  private readonly blocked = new Set<string>();
  private readonly turns = new Map<string, Promise<void>>();

  constructor(
    private readonly users: UsersService,
    private readonly nodes: KongNodes,
    private readonly database: Database,
    private readonly watch: NodeWatch,
    feed: ChangeFeed,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    feed.subscribe(
      ({ kind, id }) => void (kind === 'user' && this.tell(id)),
      () => this.watch.lostAll(),
    );
    watch.onReturn((node) => this.inTurn(node, () => this.tellList(node)));
  }

  /** A change of a person: his standing goes to every node; one that misses it gets the whole list later. */
  private async tell(id: string): Promise<void> {
    if (this.nodes.urls.length === 0) return;
    try {
      const user = await this.users.find(id);
      if (user === undefined || (refusalOf(user) === undefined && !this.blocked.has(id))) return;
      this.blocked.add(id);
    } catch (error) {
      this.watch.lostAll();
      this.logger.warn({ err: error, user_id: id }, 'standing of a user not pushed, all nodes get the list');
      return;
    }
    for (const node of this.nodes.urls)
      this.inTurn(node, () => this.tellOne(node, id)).catch((error: unknown) => this.watch.lost(node, error));
  }

  private async tellOne(node: string, id: string): Promise<void> {
    const user = await this.users.find(id);
    await this.nodes.ask(node, standing(id, user && refusalOf(user)));
  }

  private async tellList(node: string): Promise<void> {
    const asOf = Date.now() / 1000;
    const rows = await this.database.run<BlockedRow>(BLOCKED, [TOKEN_LIFE_SECONDS]);
    for (const { id } of rows) this.blocked.add(id);
    await this.nodes.ask(node, list(rows, asOf));
    this.logger.info({ node, blocked: rows.length }, 'gateway node has the list of blocked subjects');
  }

  private inTurn(node: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.turns.get(node) ?? Promise.resolve()).then(work);
    this.turns.set(
      node,
      turn.catch(() => undefined),
    );
    return turn;
  }
}

function standing(id: string, reason: string | undefined): NodeRequest {
  const path = `/keycloak-principal/blocked/${id}`;
  return reason === undefined
    ? { operation: 'unblock-subject', method: 'DELETE', path }
    : { operation: 'block-subject', method: 'PUT', path, body: { reason } };
}

/** @param asOf seconds since 1970: who was pushed after that stays as he is */
function list(rows: readonly BlockedRow[], asOf: number): NodeRequest {
  return {
    operation: 'block-subjects',
    method: 'PUT',
    path: '/keycloak-principal/blocked',
    body: {
      subjects: rows.map(({ id }) => id),
      deleted: rows.filter(({ deleted }) => deleted).map(({ id }) => id),
      as_of: asOf,
      until: asOf + TOKEN_LIFE_SECONDS,
    },
  };
}
