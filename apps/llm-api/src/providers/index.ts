export { providerAddresses } from './address.js';
export type { Model } from './provider.js';
export {
  ModelNotFound,
  ProviderFailed,
  ProviderTooSlow,
  ProviderUnavailable,
  REFUSALS,
} from './providers.problems.js';
export { ProvidersModule } from './providers.module.js';
export { Providers } from './providers.service.js';
