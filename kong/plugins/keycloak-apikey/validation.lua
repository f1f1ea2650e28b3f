--- The verdict on a key: from the node's cache, or by asking auth-api; never both a doubt and a yes.
local callout = require "kong.plugins.keycloak-apikey.callout"
local failures = require "kong.plugins.gatehouse.failures"
local marks = require "kong.plugins.keycloak-apikey.marks"
local refused_keys = require "kong.plugins.keycloak-apikey.refused_keys"

local _M = {}

local DO_NOT_CACHE = -1
local UNAVAILABLE = "validation unavailable"
local STALE_TRIES_S = 5
--- The cache counts a verdict's life from a moment later than we do.
local CLOCK_S = 1

--- Runs under the lock of Kong's cache, for all that wait for this key. A refusal is a value and not an error: for an
-- error the cache would serve a verdict of before.
local function load(sha, api_key, conf, address)
  local reason = refused_keys.reason(sha)
  if reason then
    return { refused = reason }, nil, DO_NOT_CACHE
  end
  if refused_keys.is_spent(address, conf.unknown_per_minute) then
    return { over_budget = true }, nil, DO_NOT_CACHE
  end
  local revoked, epoch = marks.read(sha)
  if revoked then
    return { refused = "revoked" }, nil, DO_NOT_CACHE
  end
  local verdict = callout.ask(api_key, conf)
  if not verdict then
    return nil, UNAVAILABLE
  end
  if verdict.refused then
    refused_keys.remember(sha, verdict.refused, conf.neg_ttl)
    if verdict.refused == "unknown-key" then
      refused_keys.count(address)
    end
    return verdict, nil, DO_NOT_CACHE
  end
  local now = ngx.now()
  verdict.validated_at, verdict.epoch = now, epoch
  local ttl = math.min(conf.ttl, verdict.expires_at - now)
  return verdict, nil, ttl > 0 and ttl or DO_NOT_CACHE
end

local options_of = setmetatable({}, { __mode = "k" })

local function options(conf)
  local opts = options_of[conf]
  if not opts then
    local resurrect = conf.stale_ttl > 0 and math.min(STALE_TRIES_S, conf.stale_ttl) or 0.001
    opts = { ttl = conf.ttl, neg_ttl = conf.neg_ttl, resurrect_ttl = resurrect }
    options_of[conf] = opts
  end
  return opts
end

--- A verdict may be older than `ttl` only while auth-api cannot be reached, and by `stale_ttl` at most. The level of the
-- hit says only part of it: a verdict brought back once is an ordinary hit in the memory of the worker.
local function is_too_old(verdict, hit_level, conf, now)
  local age = now - verdict.validated_at
  if age <= conf.ttl + CLOCK_S and hit_level ~= 4 then
    return false
  end
  return conf.stale_ttl == 0 or age > conf.ttl + conf.stale_ttl
end

local function get(sha, api_key, conf, address)
  return kong.cache:get(marks.cache_key(sha), options(conf), load, sha, api_key, conf, address)
end

--- @return a verdict, or nil and a failure
function _M.verdict(sha, api_key, conf, address)
  local revoked, epoch = marks.read(sha)
  if revoked then
    return nil, failures.apikey.revoked
  end
  local refused = refused_keys.reason(sha)
  if refused then
    return nil, failures.apikey_reason(refused)
  end
  local verdict, err, hit_level = get(sha, api_key, conf, address)
  if verdict and verdict.epoch and verdict.epoch ~= epoch then
    kong.cache:invalidate_local(marks.cache_key(sha))
    verdict, err, hit_level = get(sha, api_key, conf, address)
  end
  if not verdict then
    kong.log.debug("no verdict: ", err)
    return nil, failures.validation_unavailable
  end
  if verdict.over_budget then
    return nil, failures.too_many_unknown_keys
  end
  if verdict.refused then
    return nil, failures.apikey_reason(verdict.refused)
  end
  -- Again, because the answer may have been under way when the key was revoked.
  if hit_level == 3 and marks.read(sha) then
    kong.cache:invalidate_local(marks.cache_key(sha))
    return nil, failures.apikey.revoked
  end
  local now = ngx.now()
  if verdict.expires_at <= now then
    return nil, failures.apikey.expired
  end
  if is_too_old(verdict, hit_level, conf, now) then
    return nil, failures.validation_unavailable
  end
  return verdict
end

return _M
