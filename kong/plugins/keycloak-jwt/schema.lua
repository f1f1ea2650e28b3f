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

local function seconds(default, least)
  return { type = "number", required = true, default = default, between = { least or 0, 86400 } }
end

return {
  name = "keycloak-jwt",
  fields = {
    { consumer = typedefs.no_consumer },
    { protocols = typedefs.protocols_http },
    {
      config = {
        type = "record",
        fields = {
          access_mode,
          { issuer = { type = "string", len_min = 1 } },
          { jwks_url = typedefs.url },
          { audience = { type = "array", len_min = 1, elements = { type = "string" } } },
          { accepted_parties = { type = "array", len_min = 1, elements = { type = "string" } } },
          { maximum_lifetime = seconds(3600, 1) },
          { clock_skew = seconds(60) },
          { jwks_max_age = seconds(60, 1) },
          { jwks_window = seconds(5, 1) },
          { jwks_timeout = { type = "number", required = true, default = 2000, between = { 1, 60000 } } },
          { token_cache_ttl = { type = "number", required = true, default = 60, between = { 0, 60 } } },
          { ssl_verify = { type = "boolean", required = true, default = true } },
          { run_on_preflight = { type = "boolean", required = true, default = false } },
          { anonymous = { type = "string", default = "kong-anon-jwt" } },
        },
      },
    },
  },
  entity_checks = { needed("issuer"), needed("jwks_url"), needed("audience"), needed("accepted_parties") },
}
