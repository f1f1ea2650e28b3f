--- Kong OSS has no consumer groups, so a tier is a consumer of the topology that carries the limits, and every user and
-- every key is a credential of it, with a counter of its own. A user who has a consumer of his own gets that one.
local consumers = require "kong.plugins.gatehouse.consumers"
local once = require "kong.plugins.gatehouse.once"
local upstream_headers = require "kong.plugins.keycloak-principal.upstream_headers"

local _M = {}

local function own_consumer(principal, conf)
  local id = upstream_headers.consumer_id(principal, conf)
  local key = principal.consumer_key
  if not key then
    key = kong.db.consumers:cache_key(id)
    principal.consumer_key = key
  end
  local consumer, err = consumers.by_key(key, id)
  if err then
    once("own consumer", kong.log.err, "read consumer ", id, ": ", err)
  end
  return consumer
end

local function named_key_tier(principal, conf)
  local name = principal.tier_name
  if not name then
    name = conf.tiers.key .. "-" .. principal.tier
    principal.tier_name = name
  end
  return (consumers.by_name(name))
end

local function name_of(principal, tiers)
  if principal.method == "apikey" then
    return tiers.key
  end
  return principal.guest and tiers.guest or tiers.registered
end

local function consumer_of(principal, conf)
  local consumer = own_consumer(principal, conf)
  if not consumer and principal.method == "apikey" and principal.tier then
    consumer = named_key_tier(principal, conf)
  end
  if consumer then
    return consumer
  end
  local name = name_of(principal, conf.tiers)
  local err
  consumer, err = consumers.by_name(name)
  if not consumer then
    once(name, kong.log.err, "consumer ", name, " of the topology is not there: ", err or "unknown")
  end
  return consumer
end

--- Tells Kong who is calling, so that the limits after this find their configuration and their counter.
function _M.enter(principal, conf)
  local consumer = consumer_of(principal, conf)
  if not consumer then
    return kong.client.authenticate(nil, principal.credential)
  end
  local credential = principal.tier_credential
  if not credential or credential.consumer_id ~= consumer.id then
    credential = { id = principal.credential.id, consumer_id = consumer.id }
    principal.tier_credential = credential
  end
  return kong.client.authenticate(consumer, credential)
end

return _M
