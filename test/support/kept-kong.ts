import { afterAll, beforeAll } from '@jest/globals';
import { AdminProxy } from './admin-proxy.js';
import { eventually } from './auth-api.js';
import { Desired } from './desired.js';
import { type TestApi, useAuthApi } from './harness.js';
import { KongProjection } from './kong-projection.js';
import { StandIn } from './stand-in.js';

/** An auth-api that keeps a Kong of its own, with what stands between them. */
export interface KeptKong {
  readonly api: TestApi;
  readonly proxy: AdminProxy;
  readonly desired: Desired;
  readonly kong: KongProjection;
  asAdmin(): Promise<{ token: string }>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the body of GET /kong/status
  status(): Promise<any>;
  /** Waits until Kong has everything. */
  inSync(): Promise<void>;
}

/** Starts both before the tests of a file and stops them after them. */
export function useKeptKong(purpose: string): KeptKong {
  const settings = { KONG_ADMIN_URLS: '' };
  const parts: Partial<{ standIn: StandIn; proxy: AdminProxy; desired: Desired; kong: KongProjection }> = {};
  beforeAll(async () => {
    parts.standIn = await StandIn.start(purpose, 'db');
    parts.kong = new KongProjection(parts.standIn.adminUrl);
    parts.proxy = await AdminProxy.to(parts.standIn.adminUrl);
    settings.KONG_ADMIN_URLS = parts.proxy.url;
  });
  const api = useAuthApi(purpose, settings);
  beforeAll(async () => {
    parts.desired = await Desired.of(api.process.databaseUrl);
  });
  afterAll(async () => {
    await parts.desired?.close();
    await parts.proxy?.stop();
    await parts.standIn?.stop();
  });
  const part = <K extends keyof typeof parts>(name: K) => {
    const value = parts[name];
    if (value === undefined) throw new Error(`${name} is started before the first test`);
    return value as NonNullable<(typeof parts)[K]>;
  };
  const scene: KeptKong = {
    api,
    get proxy() {
      return part('proxy');
    },
    get desired() {
      return part('desired');
    },
    get kong() {
      return part('kong');
    },
    asAdmin: async () => ({ token: (await api.anyAdmin()).accessToken }),
    status: async () => (await api.get('/kong/status', await scene.asAdmin())).body,
    inSync: () => eventually(async () => (await scene.status()).in_sync === true, 'it is in sync'),
  };
  return scene;
}
