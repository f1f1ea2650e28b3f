import { Inject, Injectable } from '@nestjs/common';
import { KEYCLOAK_OPTIONS, type KeycloakOptions } from './options.js';

const FRESH_MS = 1000;
const PROBE_TIMEOUT_MS = 1000;

/** Whether Keycloak answers for our realm; asked at most once a second however often health is. */
@Injectable()
export class KeycloakProbe {
  private last: { readonly at: number; readonly answer: Promise<boolean> } | undefined;

  constructor(@Inject(KEYCLOAK_OPTIONS) private readonly options: KeycloakOptions) {}

  answers(): Promise<boolean> {
    if (this.last === undefined || performance.now() - this.last.at > FRESH_MS)
      this.last = { at: performance.now(), answer: this.ask() };
    return this.last.answer;
  }

  private async ask(): Promise<boolean> {
    try {
      const url = `${this.options.url}/realms/${encodeURIComponent(this.options.realm)}`;
      const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false; // whatever the reason: the answer is that it does not answer
    }
  }
}
