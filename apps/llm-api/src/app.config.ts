import type { Parsed } from '#config';
import { serviceSettings } from '#service';

/** Every setting of llm-api, and the only place that reads the environment. */
export const SETTINGS = {
  ...serviceSettings({ port: 8081, internalPort: 9081 }),
};

export type AppConfig = Parsed<typeof SETTINGS>;
