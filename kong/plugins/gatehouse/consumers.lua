--- Consumers of the topology, from Kong's cache; Kong drops an entry when its consumer changes.
local _M = {}

local keys_of_names = {}

--- @return the consumer of this name (or id), or nil and an error
function _M.by_name(name)
  local key = keys_of_names[name]
  if not key then
    key = kong.db.consumers:cache_key(name)
    keys_of_names[name] = key
  end
  return kong.cache:get(key, nil, kong.client.load_consumer, name, true)
end

--- Few users have a consumer of their own: that there is none is remembered for a minute, and told by Kong when it changes.
local OWN = { ttl = 300, neg_ttl = 60 }

function _M.by_key(key, id)
  return kong.cache:get(key, OWN, kong.client.load_consumer, id)
end

--- Nobody signed in, so far: what `anonymous` of Kong's own plugins does. Whoever another plugin let in stays.
-- @return false where the consumer is not there, and nothing was set
function _M.set_anonymous(name)
  if kong.client.get_credential() then
    return true
  end
  local consumer, err = _M.by_name(name)
  if not consumer then
    kong.log.err("anonymous consumer ", name, " is not there: ", err or "unknown")
    return false
  end
  kong.client.authenticate(consumer, nil)
  return true
end

return _M
