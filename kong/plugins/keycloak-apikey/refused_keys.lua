--- Keys that auth-api does not know or lets in no more, for `neg_ttl` seconds; and how many unknown ones an address may
-- ask about. Apart from the cache of good keys, so that forged ones cannot push those out.
local store = require "kong.plugins.gatehouse.store"

local _M = {}

local MINUTE_S = 60

function _M.reason(sha)
  return store.volatile():get("refused:" .. sha)
end

function _M.remember(sha, reason, seconds)
  if seconds > 0 then
    store.volatile():set("refused:" .. sha, reason, seconds)
  end
end

function _M.forget(sha)
  store.volatile():delete("refused:" .. sha)
end

--- IPv6 counts by /64: one customer has that many addresses.
local function network_of(address)
  if not address:find(":", 1, true) then
    return address
  end
  local head = address:match("^(.-)::") or address
  local groups = {}
  for group in head:gmatch("%x+") do
    groups[#groups + 1] = group:lower()
    if #groups == 4 then
      break
    end
  end
  return table.concat(groups, ":") .. "::/64"
end

local function budget_key(address)
  return "unknown:" .. network_of(address) .. ":" .. string.format("%d", math.floor(ngx.time() / MINUTE_S))
end

--- Whether this address has asked about too many keys that nobody knew.
function _M.is_spent(address, per_minute)
  if per_minute == 0 then
    return false
  end
  return (store.volatile():get(budget_key(address)) or 0) >= per_minute
end

--- One more that nobody knew.
function _M.count(address)
  store.volatile():incr(budget_key(address), 1, 0, 2 * MINUTE_S)
end

return _M
