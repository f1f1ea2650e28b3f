--- People who were disabled or deleted: their tokens and keys are refused whatever is cached. Asked on every request.
local store = require "kong.plugins.gatehouse.store"

local _M = {
  CHANNEL = "gatehouse:blocked",
  --- The longest life of a token, and a minute for clocks.
  DEFAULT_SECONDS = 3660,
}

local PREFIX = "blocked:"
local KNOWN = { ["user-disabled"] = true, ["user-deleted"] = true }

--- @return the reason, or nil
function _M.reason(subject)
  local value = store.durable():get(PREFIX .. subject)
  return value and (value:match("^[^|]+"))
end

--- @param until_s seconds since 1970, or nil
-- @return true, or nil and an error
function _M.block(subject, until_s, reason)
  local ttl = until_s and until_s - ngx.time() or _M.DEFAULT_SECONDS
  if ttl <= 0 then
    return _M.unblock(subject)
  end
  local value = (KNOWN[reason] and reason or "user-disabled") .. "|" .. string.format("%d", math.floor(ngx.time()))
  local ok, err = store.durable():set(PREFIX .. subject, value, ttl)
  return ok and true or nil, err
end

function _M.unblock(subject)
  store.durable():delete(PREFIX .. subject)
  return true
end

local function each(visit)
  local dict = store.durable()
  local keys = dict:get_keys(0)
  for i = 1, #keys do
    if keys[i]:sub(1, #PREFIX) == PREFIX then
      visit(keys[i]:sub(#PREFIX + 1), keys[i], dict)
    end
  end
end

--- The whole list at once. Who was blocked at or after `as_of` (seconds) stays, though the list
-- does not have him yet.
-- @param deleted those of them who are deleted, or nil
function _M.replace(subjects, until_s, as_of, deleted)
  local wanted, reasons = {}, {}
  for i = 1, deleted and #deleted or 0 do
    reasons[deleted[i]] = "user-deleted"
  end
  for i = 1, #subjects do
    wanted[subjects[i]] = true
    local ok, err = _M.block(subjects[i], until_s, reasons[subjects[i]])
    if not ok then
      return nil, err
    end
  end
  each(function(subject, key, dict)
    if wanted[subject] then
      return
    end
    local value = dict:get(key)
    local since = value and tonumber(value:match("|(%d+)$")) or 0
    if not as_of or since < math.floor(as_of) then
      dict:delete(key)
    end
  end)
  return true
end

function _M.count()
  local n = 0
  each(function()
    n = n + 1
  end)
  return n
end

return _M
