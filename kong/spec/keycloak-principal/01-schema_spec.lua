local words = { describe = describe, it = it, before_each = before_each }

require "spec.support.schema_cases"(words, "keycloak-principal", {
  least = {
    issuer = "http://kc/realms/jan",
    audience = { "llm-api" },
    accepted_parties = { "llm-api" },
    identity_secret = "{vault://env/gateway-secret}",
  },
  defaults = {
    access = "principal",
    realm = "jan",
    identity_ttl = 60,
    identity_cache = 5,
    tiers = { guest = "tier-guest", registered = "tier-registered", key = "tier-key" },
    scopes = {},
    usage_interval = 5,
    hourly_limit = 5000,
    namespace = "8f2c1d5e-6b3a-5c47-9e10-3d7a54b9c0e2",
    ssl_verify = true,
  },
  accepted = {
    { identity_secret = ("s"):rep(32) }, { hourly_limit = 0 }, { scopes = { ["llm-api"] = "llm" } },
    { usage_url = "http://auth-api:9080/internal/usage" }, { tiers = { guest = "a" } }, { call_secret = ("s"):rep(16) },
  },
  refused = {
    { issuer = "NONE" }, { audience = "NONE" }, { accepted_parties = "NONE" }, { identity_secret = "NONE" },
    { identity_secret = ("s"):rep(31) }, { identity_ttl = 61 }, { identity_ttl = 0 }, { identity_cache = 31 },
    { access = "none" }, { tiers = { gold = "x" } }, { tiers = { guest = "" } }, { scopes = { a = 7 } }, { scopes = "llm" },
    { usage_url = "nowhere" }, { usage_interval = 0 }, { hourly_limit = -1 }, { namespace = "none" }, { realm = "" },
    { call_secret = "short" }, { tier = {} },
  },
})
