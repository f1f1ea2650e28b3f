--- What was said of a key by push: that it is revoked, or that it must be asked about again. One lookup on every request,
-- so that an answer under way, or another worker's memory, cannot put a revoked key back.
local store = require "kong.plugins.gatehouse.store"

local _M = {
  CHANNEL = "gatehouse:key",
}

local REVOKED = "revoked"
--- Longer than any answer can be under way, and than auth-api's own caches live.
local LIFE_S = 3600

local function key_of(sha)
  return "key:" .. sha
end

--- @return true if revoked, else false and the epoch of the key, "0" where nothing was said
function _M.read(sha)
  local mark = store.durable():get(key_of(sha))
  if mark == REVOKED then
    return true
  end
  return false, mark or "0"
end

function _M.cache_key(sha)
  return "gatehouse:key:" .. sha
end

function _M.revoke(sha)
  return store.durable():set(key_of(sha), REVOKED, LIFE_S)
end

--- Verdicts of before count no more.
function _M.renew(sha)
  local dict = store.durable()
  if dict:get(key_of(sha)) == REVOKED then
    return true
  end
  return dict:set(key_of(sha), string.format("%.3f", ngx.now()), LIFE_S)
end

return _M
