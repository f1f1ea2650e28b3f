--- A shared dict under a clock of ours.
local Dict = {}
Dict.__index = Dict

local _M = {}

function _M.new(clock)
  return setmetatable({ entries = {}, clock = clock }, Dict)
end

function Dict:get(key)
  local entry = self.entries[key]
  if not entry or (entry.expires and entry.expires <= self.clock.now) then
    self.entries[key] = nil
    return nil
  end
  return entry.value
end

function Dict:set(key, value, ttl)
  if self.full then
    return nil, "no memory"
  end
  self.entries[key] = value ~= nil and { value = value, expires = ttl and ttl > 0 and self.clock.now + ttl or nil } or nil
  return true
end

function Dict:add(key, value, ttl)
  if self:get(key) ~= nil then
    return false, "exists"
  end
  return self:set(key, value, ttl)
end

function Dict:incr(key, by, init, ttl)
  local value = self:get(key)
  if value == nil then
    if not init then
      return nil, "not found"
    end
    self:set(key, init + by, ttl)
    return init + by
  end
  self.entries[key].value = value + by
  return value + by
end

function Dict:delete(key)
  self.entries[key] = nil
end

function Dict:get_keys()
  local keys = {}
  for key in pairs(self.entries) do
    if self:get(key) ~= nil then
      keys[#keys + 1] = key
    end
  end
  return keys
end

return _M
