--- A token, verified once in each worker and remembered for at most a minute, while its key stays in the realm.
local lrucache = require "resty.lrucache"
local access_token = require "kong.plugins.gatehouse.access_token"
local failures = require "kong.plugins.gatehouse.failures"
local jwks = require "kong.plugins.keycloak-jwt.jwks"

local _M = {}

local REMEMBERED_TOKENS = 10000
--- Of a key of 2048 bits, the shortest that counts.
local LEAST_SIGNATURE = 256

local verified = assert(lrucache.new(REMEMBERED_TOKENS))

--- The answer depends on these: another configuration must not be given a verdict of this one.
local function rules_of(conf)
  return conf.issuer .. "\0" .. table.concat(conf.audience, "\1") .. "\0" .. table.concat(conf.accepted_parties, "\1")
end

local rules_by_conf = setmetatable({}, { __mode = "k" })

local function rules_id(conf)
  local id = rules_by_conf[conf]
  if not id then
    id = rules_of(conf)
    rules_by_conf[conf] = id
  end
  return id
end

local function remembered(token, conf, source, now)
  local entry = verified:get(token)
  if not entry then
    return nil
  end
  if entry.exp > now and entry.rules == rules_id(conf) and source.keys[entry.kid] == entry.key then
    return entry.principal
  end
  verified:delete(token)
  return nil
end

--- What no key could make good. Anybody can forge claims that look right; this only spares Keycloak, and those who wait
-- for a new key, what comes by mistake.
local function hopeless(parts, conf, now)
  if not parts.signature or #parts.signature < LEAST_SIGNATURE then
    return "bad-signature"
  end
  return access_token.fault_of(parts.claims, conf, now)
end

--- @return the key, or nil and a failure
local function key_of(kid, parts, conf, source, now)
  local key = source.keys[kid]
  if key then
    return key
  end
  local fault = hopeless(parts, conf, now)
  if fault then
    return nil, failures.jwt[fault]
  end
  local is_absent
  key, is_absent = jwks.find(source, kid)
  if key then
    return key
  end
  return nil, is_absent and failures.jwt["unknown-kid"] or failures.keys_unavailable
end

local function remember(token, entry, conf, now)
  local ttl = math.min(conf.token_cache_ttl, entry.exp - now)
  if ttl > 0 then
    verified:set(token, entry, ttl)
  end
end

--- @return a principal, or nil and a failure
local function verify_afresh(token, conf, source)
  local parts, fault = access_token.decode(token)
  if not parts then
    return nil, failures.jwt[fault]
  end
  local kid, reason = access_token.kid_of(parts.header)
  if not kid then
    return nil, failures.jwt[reason]
  end
  local key, failure = key_of(kid, parts, conf, source, ngx.now())
  if not key then
    return nil, failure
  end
  if not parts.signature or not key.object:verify(parts.signature, parts.input, "sha256") then
    return nil, failures.jwt["bad-signature"]
  end
  -- Waiting for the key has taken its time.
  local now = ngx.now()
  fault = access_token.fault_of(parts.claims, conf, now)
  if fault then
    return nil, failures.jwt[fault]
  end
  local principal = access_token.principal_of(parts.claims)
  local entry = { principal = principal, exp = principal.exp, kid = kid, key = key, rules = rules_id(conf) }
  remember(token, entry, conf, now)
  return principal
end

--- @return a principal, or nil and a failure
function _M.verify(token, conf)
  local now = ngx.now()
  local source = jwks.source(conf)
  jwks.sync(source)
  jwks.refresh_if_old(source, now)
  local principal = remembered(token, conf, source, now)
  if principal then
    return principal
  end
  return verify_afresh(token, conf, source)
end

return _M
