--- Realm keys, and tokens signed with them.
local pkey = require "openssl.pkey"
local digest = require "openssl.digest"
local cjson = require "cjson.safe"
local crypto = require "spec.support.crypto"

local _M = {}

local made = {}

--- A key pair of this kid; made once, for making one takes long.
function _M.key(kid)
  if not made[kid] then
    made[kid] = pkey.new({ type = "RSA", bits = 2048 })
  end
  return made[kid]
end

function _M.jwk(kid)
  local parameters = _M.key(kid):getParameters()
  return {
    kid = kid,
    kty = "RSA",
    use = "sig",
    alg = "RS256",
    n = crypto.encode_base64url(parameters.n:toBinary()),
    e = crypto.encode_base64url(parameters.e:toBinary()),
  }
end

function _M.jwks(...)
  local keys = {}
  for i, kid in ipairs({ ... }) do
    keys[i] = _M.jwk(kid)
  end
  return cjson.encode({ keys = keys })
end

function _M.claims(now, changes)
  local claims = {
    iss = "http://kc/realms/jan",
    aud = { "llm-api", "account" },
    azp = "llm-api",
    typ = "Bearer",
    sub = "11111111-1111-4111-8111-111111111111",
    preferred_username = "ann",
    email = "ann@example.org",
    email_verified = true,
    sid = "session-1",
    scope = "openid profile",
    realm_access = { roles = { "user" } },
    iat = now - 10,
    exp = now + 600,
  }
  for name, value in pairs(changes or {}) do
    if value == "NONE" then
      claims[name] = nil
    else
      claims[name] = value
    end
  end
  return claims
end

local function encode(value)
  return crypto.encode_base64url(type(value) == "string" and value or cjson.encode(value))
end

--- @param options kid, header (changes), claims (whole), raw_claims, sign (function), broken
function _M.sign(claims, options)
  options = options or {}
  local kid = options.kid or "kid-1"
  local header = { alg = "RS256", typ = "JWT", kid = kid }
  for name, value in pairs(options.header or {}) do
    if value == "NONE" then
      header[name] = nil
    else
      header[name] = value
    end
  end
  local input = encode(header) .. "." .. encode(claims)
  local signature
  if options.sign then
    signature = options.sign(input)
  else
    signature = _M.key(options.signer or kid):sign(digest.new("sha256"):update(input))
  end
  return input .. "." .. crypto.encode_base64url(signature)
end

return _M
