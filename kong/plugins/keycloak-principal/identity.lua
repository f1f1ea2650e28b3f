--- The proof of the gateway: a JWT for one service about one principal (libs/principal/src/gateway-identity.ts), signed
-- with a key that this service and Kong alone know. Kept with the principal, which is one credential's, so it is signed
-- once in a few seconds and not for every request.
local hmac = require "resty.openssl.hmac"
local cjson = require "cjson.safe"
local base64 = require "ngx.base64"

local _M = {}

local ISSUER = "gatehouse-gateway"
local LEAST_SECRET = 32

local encode_base64url = base64.encode_base64url
local HEADER = encode_base64url('{"alg":"HS256","typ":"JWT"}')
local floor = math.floor

local function sign(key, text)
  return assert(assert(hmac.new(key, "sha256")):final(text))
end

local keys = {}

--- A service is given only its own key, so that it cannot speak as the gateway to another.
local function key_of(secret, service)
  local entry = keys[service]
  if not entry or entry.secret ~= secret then
    entry = { secret = secret, key = sign(secret, "identity:" .. service) }
    keys[service] = entry
  end
  return entry.key
end

--- As JSON by hand: an empty Lua table would become an object.
local function list(texts)
  local encoded = {}
  for i = 1, #texts do
    encoded[i] = cjson.encode(texts[i])
  end
  return "[" .. table.concat(encoded, ",") .. "]"
end

local function claims_of(principal, service, issued, expires)
  local claims = cjson.encode({
    iss = ISSUER,
    aud = service,
    sub = principal.id,
    kind = principal.kind,
    custom_id = principal.custom_id,
    preferred_username = principal.username or principal.id,
    email = principal.email,
    email_verified = principal.email_verified,
    guest = principal.guest,
    scope = principal.scope,
    azp = principal.azp,
    cid = principal.cid,
    iat = issued,
    exp = expires,
  })
  local amr = list({ principal.method })
  return claims:sub(1, -2) .. ',"amr":' .. amr .. ',"roles":' .. list(principal.roles) .. "}"
end

--- @return the proof, or nil where the gateway has no secret to sign with
function _M.proof(principal, service, conf, now)
  local secret = conf.identity_secret
  local proofs = principal.proofs
  if not proofs then
    proofs = {}
    principal.proofs = proofs
  end
  local entry = proofs[service]
  if entry and entry.good_until > now and entry.secret == secret then
    return entry.jwt
  end
  if type(secret) ~= "string" or #secret < LEAST_SECRET then
    return nil
  end
  local issued = floor(now)
  local expires = floor(math.min(issued + conf.identity_ttl, principal.exp))
  local input = HEADER .. "." .. encode_base64url(claims_of(principal, service, issued, expires))
  local jwt = input .. "." .. encode_base64url(sign(key_of(secret, service), input))
  proofs[service] = { jwt = jwt, secret = secret, good_until = math.min(now + conf.identity_cache, expires) }
  return jwt
end

return _M
