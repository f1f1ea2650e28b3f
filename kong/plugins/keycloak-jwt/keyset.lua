--- A JWKS as key objects by kid. Only RSA signing keys count; parsing one costs 10 us, so unchanged ones are kept.
local pkey = require "resty.openssl.pkey"
local cjson = require "cjson.safe"

local _M = {}

--- 2048 bits as base64url (RFC 8725 §3.5).
local LEAST_MODULUS = 342
local MOST_KEYS = 64

local function is_signing_key(jwk)
  return type(jwk) == "table"
    and jwk.kty == "RSA"
    and type(jwk.kid) == "string"
    and type(jwk.n) == "string"
    and type(jwk.e) == "string"
    and #jwk.n >= LEAST_MODULUS
    and (jwk.use == nil or jwk.use == "sig")
    and (jwk.alg == nil or jwk.alg == "RS256")
end

--- @param known keys of before, to be kept where they did not change
-- @return kid → { object, modulus }, or nil and an error
function _M.parse(body, known)
  local jwks = cjson.decode(body)
  if type(jwks) ~= "table" or type(jwks.keys) ~= "table" then
    return nil, "not a JWKS"
  end
  local keys, n = {}, 0
  for i = 1, math.min(#jwks.keys, MOST_KEYS) do
    local jwk = jwks.keys[i]
    if is_signing_key(jwk) then
      local before = known and known[jwk.kid]
      if before and before.modulus == jwk.n then
        keys[jwk.kid] = before
        n = n + 1
      else
        local json = cjson.encode({ kty = "RSA", n = jwk.n, e = jwk.e })
        local object = pkey.new(json, { format = "JWK" })
        if object then
          keys[jwk.kid] = { object = object, modulus = jwk.n }
          n = n + 1
        end
      end
    end
  end
  if n == 0 then
    return nil, "no RSA signing key in the JWKS"
  end
  return keys
end

return _M
