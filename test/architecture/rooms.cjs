/**
 * Who may import whom: one line per room. A room missing from the right-hand side is closed to it.
 * Read by dependency-rules.cjs; run with `npm run arch`.
 */
exports.modules = {
  audit: [],
  users: ['audit'],
  // A person may have limits of his own, and they end with him.
  consumers: ['audit', 'users'],
  // Registered people have applications, guests have none, and an application ends with its owner.
  applications: ['audit', 'consumers', 'users'],
  auth: ['audit', 'users'],
  guests: ['audit', 'auth', 'users'],
  'kong-sync': ['applications', 'audit', 'consumers', 'users'],
  'api-keys': ['audit', 'kong-sync', 'users'],
  usage: ['api-keys', 'users'],
};

exports.libs = {
  problem: [],
  config: [],
  // An outage of PostgreSQL is a declared problem (503), and its statements are counted: ADR 0007.
  storage: ['config', 'problem', 'telemetry'],
  telemetry: ['config'],
  principal: ['config', 'problem', 'telemetry'],
  // Requests to Keycloak are counted.
  keycloak: ['config', 'problem', 'telemetry'],
  // What the main.ts of every service shares: ADR 0005.
  service: ['config', 'principal', 'problem', 'telemetry'],
  'kong-admin': ['config', 'problem', 'telemetry'],
  // What of OpenAI's API llm-api and response-api both speak.
  openai: ['problem'],
};

/** Clients of another system, and the only modules that may hold them. */
exports.holders = {
  'kong-admin': ['kong-sync'],
  keycloak: ['auth', 'guests', 'kong-sync', 'users'],
};
