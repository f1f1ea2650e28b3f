import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { ended } from '../support/kept-tools.js';
import { ROOT } from './tools.js';

/** As much of compose-go's model as the tests look at. */
export interface ComposeService {
  readonly image: string;
  readonly profiles?: readonly string[];
  readonly command?: readonly string[] | null;
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks: Readonly<
    Record<string, { readonly ipv4_address?: string; readonly gw_priority?: number } | null>
  >;
  readonly ports?: readonly {
    readonly host_ip?: string;
    readonly target: number;
    readonly published: string;
  }[];
  readonly volumes?: readonly { readonly target: string; readonly read_only?: boolean }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly restart?: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}
export interface ComposeProject {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

export const COMPOSE = join(ROOT, 'docker/compose.yaml');
export const DEVELOPMENT = join(ROOT, 'docker/compose.development.yaml');

/** A file of secrets as docker/setup.mjs makes it, in a folder of its own. */
export class MadeSettings {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gatehouse-settings-'));
  readonly file = join(this.folder, '.env');

  /** Needs a build. */
  async make(): Promise<Readonly<Record<string, string | undefined>>> {
    const { code, output } = await ended(process.execPath, [join(ROOT, 'docker/setup.mjs'), this.file], ROOT);
    if (code !== 0) throw new Error(`docker/setup.mjs ended with ${code}: ${output}`);
    return parseEnv(readFileSync(this.file, 'utf8'));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
