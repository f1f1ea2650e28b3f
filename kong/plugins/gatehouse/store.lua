--- The shared dicts: memory of the node that outlives `POST /config`, which empties `kong.cache`.
-- `gatehouse` holds what must not be lost (blocked subjects, tombstones of keys, realm keys, counts not yet sent);
-- `gatehouse_volatile`, where it is set up, what strangers can fill (forged keys, budgets, counters of the hour).
local uuid = require "kong.plugins.gatehouse.uuid"

local _M = {}

local BOOT = "boot"

--- @return the dict; raises where nginx does not know it, so that nobody is let in without the list of the blocked
function _M.durable()
  return ngx.shared.gatehouse or error("lua_shared_dict gatehouse is missing: see kong/plugins/README.md")
end

function _M.volatile()
  return ngx.shared.gatehouse_volatile or _M.durable()
end

--- Lives as long as the dict: another id means that blocked subjects and tombstones are gone and must be pushed again.
function _M.boot_id()
  local dict = _M.durable()
  local id = dict:get(BOOT)
  if not id then
    dict:add(BOOT, uuid.v5(uuid.NAMESPACE, "boot:" .. kong.node.get_id() .. ":" .. tostring(ngx.now())))
    id = dict:get(BOOT)
  end
  return id
end

return _M
