--- Takes the list of blocked people from the Admin API, and tells the other nodes where there is a database.
local blocked = require "kong.plugins.gatehouse.blocked"
local cluster = require "kong.plugins.gatehouse.cluster"

local _M = {}

local function apply(message)
  if message.subjects then
    return blocked.replace(message.subjects, message.until_s, message.as_of, message.deleted)
  end
  if message.blocked then
    return blocked.block(message.subject, message.until_s, message.reason)
  end
  return blocked.unblock(message.subject)
end

--- @return true, or nil and an error
function _M.push(message)
  local ok, err = apply(message)
  cluster.broadcast(blocked.CHANNEL, message)
  return ok, err
end

function _M.subscribe()
  cluster.subscribe(blocked.CHANNEL, apply)
end

return _M
