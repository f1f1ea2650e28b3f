local words = { describe = describe, it = it, before_each = before_each }

require "spec.support.schema_cases"(words, "keycloak-jwt", {
  least = { issuer = "http://kc/realms/jan", jwks_url = "http://kc/certs", audience = { "llm-api" }, accepted_parties = { "llm-api" } },
  defaults = {
    access = "principal",
    maximum_lifetime = 3600,
    clock_skew = 60,
    jwks_max_age = 60,
    jwks_window = 5,
    jwks_timeout = 2000,
    token_cache_ttl = 60,
    ssl_verify = true,
    run_on_preflight = false,
    anonymous = "kong-anon-jwt",
  },
  accepted = { { token_cache_ttl = 0 }, { clock_skew = 0 }, { jwks_url = "https://kc/certs" }, { ssl_verify = false } },
  refused = {
    { issuer = "NONE" }, { jwks_url = "NONE" }, { audience = "NONE" }, { accepted_parties = "NONE" },
    { audience = {} }, { accepted_parties = {} }, { audience = "llm-api" }, { audience = { 7 } },
    { jwks_url = "certs" }, { access = "open" }, { maximum_lifetime = 0 }, { token_cache_ttl = 61 }, { clock_skew = -1 },
    { jwks_window = 0 }, { jwks_timeout = 0 }, { ssl_verify = "no" }, { algorithm = "HS256" }, { isuer = "x" },
  },
})
