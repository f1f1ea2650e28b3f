export { API_NAMES, type ApiName } from './apis.js';
export { Secret } from './secret.js';
export { ConfigurationError, parseSettings, setting, type Parsed, type Settings } from './settings.js';
export { environmentExample, placeholders, settingsTable } from './example.js';
export { LIMITS, type AddressLimit, type Limits, type LimitsProfile, type TierLimits } from './limits.js';
export { entityId, NAMESPACE } from './names.js';
