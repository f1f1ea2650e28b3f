--- The three plugins as the topology configures them.
local cjson = require "cjson.safe"
local crypto = require "spec.support.crypto"
local tokens = require "spec.support.tokens"

local _M = {
  JWKS_URL = "http://kc/realms/jan/certs",
  VALIDATION_URL = "http://auth-api/auth/validate-api-key",
  USAGE_URL = "http://auth-api/internal/usage",
  SECRET = "0123456789abcdef0123456789abcdef",
}

local function with(base, changes)
  for name, value in pairs(changes or {}) do
    base[name] = value
  end
  return base
end

local function rules(changes)
  return with({
    issuer = "http://kc/realms/jan",
    audience = { "llm-api" },
    accepted_parties = { "llm-api", "guest-issuer" },
  }, changes)
end

function _M.jwt(gateway, changes)
  gateway.jwks = gateway.jwks or tokens.jwks("kid-1")
  gateway.http[_M.JWKS_URL] = gateway.http[_M.JWKS_URL]
    or function()
      return { status = 200, body = gateway.jwks }
    end
  local config = gateway:config("keycloak-jwt", with(rules({ jwks_url = _M.JWKS_URL }), changes))
  return { gateway:handler("keycloak-jwt"), config }
end

function _M.apikey(gateway, changes)
  gateway.keys = gateway.keys or {}
  gateway.http[_M.VALIDATION_URL] = gateway.http[_M.VALIDATION_URL]
    or function(params)
      local known = gateway.keys[cjson.decode(params.body).api_key]
      if known and known.valid then
        return { status = 200, body = cjson.encode(known) }
      end
      local reason = known and known.reason or "unknown-key"
      return { status = 401, body = cjson.encode({ valid = false, reason = reason, status = 401 }) }
    end
  local config = gateway:config("keycloak-apikey", with({
    validation_url = _M.VALIDATION_URL,
    call_secret = "call-secret-call-secret",
  }, changes))
  return { gateway:handler("keycloak-apikey"), config }
end

function _M.principal(gateway, changes)
  local config = gateway:config("keycloak-principal", with(rules({
    identity_secret = _M.SECRET,
    scopes = { ["llm-api"] = "llm" },
  }), changes))
  return { gateway:handler("keycloak-principal"), config }
end

function _M.all(gateway, changes)
  changes = changes or {}
  return {
    _M.jwt(gateway, changes.jwt),
    _M.apikey(gateway, changes.apikey),
    _M.principal(gateway, changes.principal),
  }
end

--- A well-formed key; `seed` makes it another one.
function _M.key(seed, prefix)
  local key_format = require "kong.plugins.keycloak-apikey.key_format"
  local body = (prefix or "sk_live_") .. crypto.sha256_hex(tostring(seed)):sub(1, 32)
  return body .. key_format.checksum(body)
end

--- What auth-api says of a good key.
function _M.valid(changes)
  return with({
    valid = true,
    key_id = "22222222-2222-4222-8222-222222222222",
    user_id = "11111111-1111-4111-8111-111111111111",
    subject = "11111111-1111-4111-8111-111111111111",
    username = "ann",
    email = "ann@example.org",
    email_verified = true,
    guest = false,
    roles = { "user" },
    scopes = { "llm", "media:read" },
    tier = cjson.null,
    expires_at = "2030-01-01T00:00:00.000Z",
  }, changes)
end

return _M
