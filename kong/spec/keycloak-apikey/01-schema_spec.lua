local words = { describe = describe, it = it, before_each = before_each }

require "spec.support.schema_cases"(words, "keycloak-apikey", {
  least = { validation_url = "http://auth-api/auth/validate-api-key", call_secret = "{vault://env/gateway-call-secret}" },
  defaults = {
    access = "principal",
    validation_timeout = 5000,
    key_prefix = "sk_live_",
    key_names = { "X-API-Key" },
    hide_credentials = true,
    run_on_preflight = false,
    ttl = 60,
    neg_ttl = 10,
    stale_ttl = 60,
    unknown_per_minute = 60,
    ssl_verify = true,
    anonymous = "kong-anon-key",
  },
  accepted = { { stale_ttl = 0 }, { unknown_per_minute = 0 }, { key_names = { "X-API-Key", "X-Key" } }, { call_secret = ("s"):rep(16) } },
  refused = {
    { validation_url = "NONE" }, { call_secret = "NONE" }, { call_secret = "short" }, { validation_url = "auth-api" },
    { access = "open" }, { key_names = {} }, { key_names = { "a b" } }, { key_prefix = "" }, { ttl = 0 }, { neg_ttl = 0 },
    { stale_ttl = -1 }, { unknown_per_minute = -1 }, { validation_timeout = 0 }, { hide_credentials = 1 }, { secret = "x" },
  },
})
