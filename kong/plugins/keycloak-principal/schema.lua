local typedefs = require "kong.db.schema.typedefs"
local access_mode = require "kong.plugins.gatehouse.access_mode"
local uuid = require "kong.plugins.gatehouse.namespace"

local function needed(field)
  return {
    conditional = {
      if_field = "config.access",
      if_match = { eq = "principal" },
      then_field = "config." .. field,
      then_match = { required = true },
    },
  }
end

local function number(default, least, most)
  return { type = "number", required = true, default = default, between = { least, most } }
end

local function name(default)
  return { type = "string", required = true, default = default, len_min = 1 }
end

return {
  name = "keycloak-principal",
  fields = {
    { consumer = typedefs.no_consumer },
    { protocols = typedefs.protocols_http },
    {
      config = {
        type = "record",
        fields = {
          access_mode,
          { realm = name("jan") },
          { issuer = { type = "string", len_min = 1 } },
          { audience = { type = "array", len_min = 1, elements = { type = "string" } } },
          { accepted_parties = { type = "array", len_min = 1, elements = { type = "string" } } },
          { maximum_lifetime = number(3600, 1, 86400) },
          { clock_skew = number(60, 0, 86400) },
          { identity_secret = { type = "string", len_min = 32, referenceable = true, encrypted = true } },
          { identity_ttl = number(60, 1, 60) },
          { identity_cache = number(5, 0, 30) },
          {
            tiers = {
              type = "record",
              required = true,
              fields = {
                { guest = name("tier-guest") },
                { registered = name("tier-registered") },
                { key = name("tier-key") },
              },
            },
          },
          {
            scopes = {
              type = "map",
              required = true,
              default = {},
              keys = { type = "string" },
              values = { type = "string" },
            },
          },
          { usage_url = typedefs.url },
          { usage_interval = number(5, 1, 3600) },
          { call_secret = { type = "string", len_min = 16, referenceable = true, encrypted = true } },
          { hourly_limit = number(5000, 0, 1000000000) },
          { namespace = { type = "string", required = true, default = uuid, uuid = true } },
          { ssl_verify = { type = "boolean", required = true, default = true } },
          { run_on_preflight = { type = "boolean", required = true, default = false } },
        },
      },
    },
  },
  entity_checks = { needed("issuer"), needed("audience"), needed("accepted_parties"), needed("identity_secret") },
}
