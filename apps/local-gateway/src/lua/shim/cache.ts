/** `kong.cache`: one caller makes a value, the others wait for it; a stale one serves while that fails. */
export const CACHE = String.raw`
local js, jsk = __js, __jsk
local null = js.null()

local cache_mt = {}
cache_mt.__index = cache_mt
local function remember(self, key, value, ttl, options)
  local seconds = ttl
  if seconds == nil then seconds = value == nil and (options.neg_ttl or 0) or (options.ttl or 0) end
  if seconds < 0 then return end
  jsk.cache_set(self.name, key, value, seconds)
end
function cache_mt:get(key, options, callback, ...)
  if type(key) ~= "string" then error("key must be a string", 2) end
  options = options or {}
  local found, value = js.cache_peek(self.name, key)
  if found then return value, nil, 1 end
  if not callback then return nil, nil, -1 end
  if not js.cache_lock(self.name, key, 5000) then
    local has, old = js.cache_stale(self.name, key)
    if has and (options.resurrect_ttl or 30) > 0 then return old, nil, 4 end
    return nil, "could not acquire callback lock: timeout"
  end
  found, value = js.cache_peek(self.name, key)
  if found then
    js.cache_unlock(self.name, key)
    return value, nil, 2
  end
  local ok, made, err, ttl = xpcall(callback, debug.traceback, ...)
  if not ok or err then
    local has, old = js.cache_stale(self.name, key)
    local resurrect = options.resurrect_ttl or 30
    if has and resurrect > 0 then jsk.cache_set(self.name, key, old, resurrect) end
    js.cache_unlock(self.name, key)
    if not ok then return nil, "callback threw an error: " .. tostring(made) end
    if has and resurrect > 0 then return old, nil, 4 end
    return nil, tostring(err)
  end
  if made == null then made = nil end
  if made ~= nil and options.l1_serializer then
    local serialized, fault = options.l1_serializer(made)
    if fault then
      js.cache_unlock(self.name, key)
      return nil, "could not serialize: " .. tostring(fault)
    end
    made = serialized
  end
  remember(self, key, made, ttl, options)
  js.cache_unlock(self.name, key)
  return made, nil, 3
end
function cache_mt:probe(key)
  local found, value, ttl = js.cache_peek(self.name, key)
  if not found then return nil end
  return ttl, nil, value
end
function cache_mt:safe_set(key, value, options)
  remember(self, key, value, options and options.ttl, options or {})
  return true
end
cache_mt.renew = function(self, key, options, callback, ...)
  self:invalidate_local(key)
  return self:get(key, options, callback, ...)
end
function cache_mt:invalidate_local(key) js.cache_drop(self.name, key) return true end
function cache_mt:invalidate(key) js.cache_drop(self.name, key) return true end
function cache_mt:purge() js.cache_purge(self.name) return true end
__cache_mt = cache_mt
`;
