import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toYaml, type Topology, withoutDatabase } from '../../kong/topology/index.js';
import { GATEWAY_CALL_SECRET, GATEWAY_SECRET } from './auth-api.js';
import { type RunningApp, startApp } from './child.js';

/** local-gateway as a process of its own, which a test may kill, freeze and start again. */
export class StandIn {
  private constructor(
    private readonly purpose: string,
    private readonly mode: 'db' | 'dbless',
    private app: RunningApp,
  ) {}

  static async start(purpose: string, mode: 'db' | 'dbless'): Promise<StandIn> {
    return new StandIn(purpose, mode, await launch(purpose, mode, {}));
  }

  get url(): string {
    return `http://127.0.0.1:${this.app.ready[1]}`;
  }

  get adminUrl(): string {
    return `http://127.0.0.1:${this.app.ready[2]}`;
  }

  kill(): Promise<void> {
    return this.app.end('SIGKILL');
  }

  /** As a Kong that restarts: it has its configuration from the first moment on, and remembers nothing. */
  async restart(topology: Topology): Promise<void> {
    const [, proxy, admin] = this.app.ready;
    await this.kill();
    const file = join(mkdtempSync(join(tmpdir(), 'gatehouse-stand-in-')), 'kong.yaml');
    writeFileSync(file, toYaml(withoutDatabase(topology)));
    this.app = await launch(this.purpose, this.mode, {
      GATEWAY_PROXY_PORT: proxy,
      GATEWAY_ADMIN_PORT: admin,
      GATEWAY_DECLARATIVE_CONFIG: file,
    });
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.app.process;
    if (exitCode === null && signalCode === null) await this.app.end('SIGTERM');
  }
}

function launch(purpose: string, mode: 'db' | 'dbless', environment: NodeJS.ProcessEnv): Promise<RunningApp> {
  const settings = {
    GATEWAY_PROXY_PORT: '0',
    GATEWAY_ADMIN_PORT: '0',
    GATEWAY_MODE: mode,
    GATEWAY_SECRET,
    GATEWAY_CALL_SECRET,
    ...environment,
  };
  return startApp('local-gateway', purpose, settings, /"proxy_port":(\d+),"admin_port":(\d+)/);
}
