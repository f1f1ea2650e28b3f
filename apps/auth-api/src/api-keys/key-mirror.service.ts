import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { UsersService } from '../users/index.js';
import { Jobs } from '#storage';
import { ApiKeysRepository } from './api-keys.repository.js';

const TASK = 'api-keys.mirror';
const ATTRIBUTE = 'api_keys';

/** Keeps the Keycloak user attribute `api_keys` equal to the usable keys, by a job: Keycloak may be down meanwhile. */
@Injectable()
export class KeyMirror {
  constructor(
    private readonly jobs: Jobs,
    private readonly keys: ApiKeysRepository,
    private readonly users: UsersService,
  ) {
    jobs.define<{ userId: string }>(TASK, ({ userId }) => this.write(userId));
  }

  /** To be called in the transaction that changes a key. */
  async later(manager: EntityManager, userId: string): Promise<void> {
    await this.jobs.add(manager, TASK, { userId }, { key: `${TASK}:${userId}` });
  }

  private async write(userId: string): Promise<void> {
    await this.users.exclusively(userId, async () => {
      const wanted = await this.keys.mirrorOf(userId);
      await this.users.write(userId, ({ attributes }) => {
        const present = [...(attributes[ATTRIBUTE] ?? [])].sort();
        return present.join() === wanted.join() ? undefined : { attributes: { [ATTRIBUTE]: wanted } };
      });
    });
  }
}
