--- Access tokens of the realm: read, judged by their claims, made a principal. The same rules and the same order as
-- libs/principal/src/access-token.ts (RFC 9068 §4, Keycloak's claims); the signature is the caller's business.
local cjson = require "cjson.safe"
local base64 = require "ngx.base64"
local text = require "kong.plugins.gatehouse.text"

local decode_base64url = base64.decode_base64url

local _M = {}

local function decode_part(part)
  local json = decode_base64url(part)
  local value = json and cjson.decode(json)
  return type(value) == "table" and value or nil
end

--- @return { header, claims, input, signature }, or nil and a reason
function _M.decode(token)
  local head, body, signature = token:match("^([%w_-]+)%.([%w_-]+)%.([%w_-]*)$")
  if not head then
    return nil, "malformed"
  end
  local header, claims = decode_part(head), decode_part(body)
  if not header or not claims then
    return nil, "malformed"
  end
  return {
    header = header,
    claims = claims,
    input = token:sub(1, #head + 1 + #body),
    signature = decode_base64url(signature),
  }
end

--- The algorithm is fixed here and never taken from the token (RFC 8725 §3.1). `crit` names extensions that must be
-- understood, and we understand none (RFC 7515 §4.1.11).
-- @return the kid, or nil and a reason
function _M.kid_of(header)
  if header.alg ~= "RS256" then
    return nil, "wrong-algorithm"
  end
  if type(header.kid) ~= "string" or header.kid == "" or #header.kid > 255 or header.crit ~= nil then
    return nil, "malformed"
  end
  return header.kid
end

local function contains(list, value)
  for i = 1, #list do
    if list[i] == value then
      return true
    end
  end
  return false
end

local function meant_for(aud, accepted)
  if type(aud) == "string" then
    return contains(accepted, aud)
  end
  if type(aud) == "table" then
    for i = 1, #aud do
      if type(aud[i]) == "string" and contains(accepted, aud[i]) then
        return true
      end
    end
  end
  return false
end

local function is_finite(value)
  return type(value) == "number" and value == value and value > -1e15 and value < 1e15
end

local function has_type(value, expected)
  return value == nil or type(value) == expected
end

local function roles_of(claims)
  local access = claims.realm_access
  if access == nil then
    return {}
  end
  local roles = type(access) == "table" and access.roles
  if type(roles) ~= "table" then
    return nil
  end
  local n = 0
  for index, role in pairs(roles) do
    if type(index) ~= "number" or type(role) ~= "string" then
      return nil
    end
    n = n + 1
  end
  return n == #roles and roles or nil
end

local function is_complete(claims)
  return text.is_subject(claims.sub)
    and is_finite(claims.exp)
    and is_finite(claims.iat)
    and (claims.nbf == nil or is_finite(claims.nbf))
    and type(claims.typ) == "string"
    and type(claims.azp) == "string"
    and has_type(claims.sid, "string")
    and has_type(claims.jti, "string")
    and has_type(claims.preferred_username, "string")
    and has_type(claims.email, "string")
    and has_type(claims.email_verified, "boolean")
    and has_type(claims.guest, "boolean")
    and roles_of(claims) ~= nil
end

--- @param rules issuer, audience, accepted_parties, maximum_lifetime, clock_skew
-- @return why the token fails, or nil
function _M.fault_of(claims, rules, now)
  if not is_finite(claims.exp) then
    return "missing-claim"
  end
  if claims.exp <= now then
    return "expired"
  end
  if claims.iss ~= rules.issuer then
    return "wrong-issuer"
  end
  if not meant_for(claims.aud, rules.audience) then
    return "wrong-audience"
  end
  if not is_complete(claims) then
    return "missing-claim"
  end
  if claims.typ ~= "Bearer" then
    return "wrong-type"
  end
  if not contains(rules.accepted_parties, claims.azp) then
    return "wrong-party"
  end
  if claims.exp - claims.iat > rules.maximum_lifetime then
    return "lifetime-too-long"
  end
  if math.max(claims.iat, claims.nbf or 0) > now + rules.clock_skew then
    return "not-yet-valid"
  end
  return nil
end

--- Keycloak leaves `preferred_username` out where the client has no such mapper.
function _M.principal_of(claims)
  return {
    method = "jwt",
    id = claims.sub,
    username = text.clean(claims.preferred_username or claims.sub),
    email = text.clean(claims.email),
    email_verified = claims.email_verified == true,
    guest = claims.guest == true,
    roles = roles_of(claims),
    scope = type(claims.scope) == "string" and claims.scope or "",
    azp = claims.azp,
    cid = text.header_safe(claims.sid or claims.jti),
    exp = claims.exp,
    -- What Kong's own plugins see of it; limits count by this id.
    credential = { id = claims.sub },
  }
end

return _M
