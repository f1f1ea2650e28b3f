local typedefs = require "kong.db.schema.typedefs"
local access_mode = require "kong.plugins.gatehouse.access_mode"

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

return {
  name = "keycloak-apikey",
  fields = {
    { consumer = typedefs.no_consumer },
    { protocols = typedefs.protocols_http },
    {
      config = {
        type = "record",
        fields = {
          access_mode,
          { validation_url = typedefs.url },
          { validation_timeout = number(5000, 1, 60000) },
          { call_secret = { type = "string", len_min = 16, referenceable = true, encrypted = true } },
          { key_prefix = { type = "string", required = true, default = "sk_live_", len_min = 1 } },
          {
            key_names = {
              type = "array",
              required = true,
              len_min = 1,
              default = { "X-API-Key" },
              elements = typedefs.header_name,
            },
          },
          { hide_credentials = { type = "boolean", required = true, default = true } },
          { run_on_preflight = { type = "boolean", required = true, default = false } },
          { ttl = number(60, 1, 3600) },
          { neg_ttl = number(10, 1, 3600) },
          { stale_ttl = number(60, 0, 3600) },
          { unknown_per_minute = number(60, 0, 100000) },
          { ssl_verify = { type = "boolean", required = true, default = true } },
          { anonymous = { type = "string", default = "kong-anon-key" } },
        },
      },
    },
  },
  entity_checks = { needed("validation_url"), needed("call_secret") },
}
