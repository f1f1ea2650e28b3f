import type { Parsed } from '#config';
import { serviceSettings } from '#service';

/** Every setting of media-api, and the only place that reads the environment. */
export const SETTINGS = {
  ...serviceSettings({ port: 8285, internalPort: 9285 }),
};

export type AppConfig = Parsed<typeof SETTINGS>;
