--- kong.cache as lua-resty-mlcache behaves in one worker: ttl, neg_ttl, a third value that overrides them or bypasses the
-- cache, stale values brought back (level 4, then 1) when the callback fails.
local Cache = {}
Cache.__index = Cache

local _M = {}
local NIL = {}

function _M.new(clock)
  return setmetatable({ entries = {}, clock = clock, invalidated = {}, gets = 0 }, Cache)
end

local function out(value)
  if value == NIL then
    return nil
  end
  return value
end

function Cache:get(key, opts, callback, ...)
  self.gets = self.gets + 1
  opts = opts or {}
  local now = self.clock.now
  local entry = self.entries[key]
  if entry and (not entry.expires or entry.expires > now) then
    return out(entry.value), nil, 1
  end
  local value, err, ttl = callback(...)
  if err then
    if entry and opts.resurrect_ttl then
      self.entries[key] = { value = entry.value, expires = now + opts.resurrect_ttl }
      return out(entry.value), nil, 4
    end
    return nil, "failed to get from node cache: " .. tostring(err)
  end
  if ttl and ttl < 0 then
    return value, nil, 3
  end
  ttl = ttl or (value == nil and opts.neg_ttl or opts.ttl)
  self.entries[key] = { value = value == nil and NIL or value, expires = ttl and ttl > 0 and now + ttl or nil }
  return value, nil, 3
end

function Cache:probe(key)
  local entry = self.entries[key]
  if not entry then
    return nil
  end
  return entry.expires and entry.expires - self.clock.now or 0, nil, out(entry.value)
end

function Cache:invalidate_local(key)
  self.invalidated[#self.invalidated + 1] = key
  self.entries[key] = nil
end

Cache.invalidate = Cache.invalidate_local

--- What POST /config does.
function Cache:purge()
  self.entries = {}
end

return _M
