import type { Parsed } from '#config';
import { listenSettings } from '#service';

/** Every setting of echo-api, and the only place that reads the environment. */
export const SETTINGS = listenSettings({ port: 8090, internalPort: 9090 });

export type AppConfig = Parsed<typeof SETTINGS>;
