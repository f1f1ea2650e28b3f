import { Inject, Injectable } from '@nestjs/common';
import { DesiredConsumers } from '../consumers/index.js';
import { APPLICATIONS_OPTIONS, type ApplicationsOptions } from './applications.options.js';

/** Says whether the gateway has what was just decided. */
@Injectable()
export class GatewayState {
  constructor(
    private readonly consumers: DesiredConsumers,
    @Inject(APPLICATIONS_OPTIONS) private readonly options: ApplicationsOptions,
  ) {}

  /** Waits a moment for all of them. @returns which of them Kong does not have as they should be, or still has */
  async settle(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const deadline = performance.now() + this.options.waitForKongMs;
    for (const id of ids)
      if (!(await this.consumers.whenApplied(id, Math.max(0, deadline - performance.now())))) break;
    return this.waiting(ids);
  }

  async waiting(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.consumers.waiting(ids);
  }
}
