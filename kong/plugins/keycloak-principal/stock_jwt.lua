--- Where Kong's own `jwt` verifies the tokens (KONG_JWT_PLUGIN=jwt): it checks neither issuer nor audience, so that is
-- done here; and it throws away why it refused, so that is found again from the token.
local lrucache = require "resty.lrucache"
local access_token = require "kong.plugins.gatehouse.access_token"
local blocked = require "kong.plugins.gatehouse.blocked"
local failures = require "kong.plugins.gatehouse.failures"

local _M = {}

local REMEMBERED_S = 60

local read = assert(lrucache.new(10000))

--- What that plugin remembered when it looked, a moment ago, so that this costs no query; else the credential itself.
-- @return false only where the realm has no such key
local function is_known(kid)
  local dao = kong.db.jwt_secrets
  if not dao then
    return true
  end
  local ttl, err, credential = kong.cache:probe(dao:cache_key(kid))
  if not err and ttl == nil then
    credential, err = dao:select_by_key(kid)
  end
  return err ~= nil or credential ~= nil
end

--- What it looks at, after the key and the signature.
local ITS_OWN = { expired = true, ["missing-claim"] = true, ["lifetime-too-long"] = true }

local function refusal(token, conf)
  local parts, fault = access_token.decode(token)
  if not parts then
    return failures.jwt[fault]
  end
  local kid, reason = access_token.kid_of(parts.header)
  if not kid then
    return failures.jwt[reason]
  end
  if not is_known(kid) then
    return failures.jwt["unknown-kid"]
  end
  fault = access_token.fault_of(parts.claims, conf, ngx.now())
  return failures.jwt[ITS_OWN[fault] and fault or "bad-signature"]
end

local function remembered(token, conf, now)
  local entry = read:get(token)
  if entry and entry.conf == conf and entry.principal.exp > now then
    return entry.principal
  end
end

--- A token whose signature is verified. @return a principal, or nil and a failure
local function principal_of(token, conf)
  local now = ngx.now()
  local principal = remembered(token, conf, now)
  if principal then
    return principal
  end
  local parts, fault = access_token.decode(token)
  if not parts then
    return nil, failures.jwt[fault]
  end
  local kid, reason = access_token.kid_of(parts.header)
  fault = reason or access_token.fault_of(parts.claims, conf, now)
  if not kid or fault then
    return nil, failures.jwt[fault]
  end
  principal = access_token.principal_of(parts.claims)
  read:set(token, { principal = principal, conf = conf }, math.min(REMEMBERED_S, principal.exp - now))
  return principal
end

--- @return a principal, a failure, or neither where no token was sent
function _M.judge(request, conf)
  local verified = kong.ctx.shared.authenticated_jwt_token
  if request.malformed or (verified and verified ~= request.token) then
    return nil, failures.jwt.malformed
  end
  if not request.token then
    return nil
  end
  if not verified then
    return nil, refusal(request.token, conf)
  end
  local principal, failure = principal_of(request.token, conf)
  local reason = principal and blocked.reason(principal.id)
  if reason then
    return nil, failures.jwt[reason]
  end
  return principal, failure
end

return _M
