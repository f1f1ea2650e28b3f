--- Tells the other nodes, where there is a database; without one a broadcast reaches nobody and does no harm, and
-- kong-sync pushes to every node itself.
local cjson = require "cjson.safe"

local _M = {}

function _M.broadcast(channel, message)
  if not kong.cluster_events then
    return
  end
  local ok, err = kong.cluster_events:broadcast(channel, cjson.encode(message))
  if not ok then
    kong.log.err("could not broadcast on ", channel, ": ", err)
  end
end

--- In init_worker. One worker of a node hears it, so the handler changes what the workers share.
function _M.subscribe(channel, handle)
  if not kong.cluster_events then
    return
  end
  kong.cluster_events:subscribe(channel, function(text)
    local message, err = cjson.decode(text)
    if not message then
      kong.log.err("not understood on ", channel, ": ", err)
      return
    end
    handle(message)
  end)
end

return _M
