--- Who used what: counted in each worker without making a string, put together every few seconds into batches in the
-- shared dict, and sent from there.
local cjson = require "cjson.safe"
local outbox = require "kong.plugins.keycloak-principal.outbox"
local store = require "kong.plugins.gatehouse.store"
local time = require "kong.plugins.gatehouse.time"
local uuid = require "kong.plugins.gatehouse.uuid"

local _M = {}

local MOST_COUNTERS = 20000
local ITEMS_IN_A_BATCH = 500
local TICK_S = 1
local NOBODY, NO_SERVICE, NO_REASON = "", "", ""

local counters, size, since = {}, 0, nil
local settings

local function child(parent, key)
  local value = parent[key]
  if not value then
    value = {}
    parent[key] = value
  end
  return value
end

--- In the log phase.
function _M.count(request, conf)
  if not conf.usage_url then
    return
  end
  settings = conf
  since = since or ngx.now()
  local principal, refused = request.principal, request.refused
  local who = principal and (principal.key_id or principal.id) or NOBODY
  local service = kong.router.get_service()
  local statuses = child(child(counters, who), service and service.name or NO_SERVICE)
  local reasons = child(statuses, ngx.status)
  local reason = refused and refused.reason or NO_REASON
  local counter = reasons[reason]
  if counter then
    counter.count = counter.count + 1
  elseif size < MOST_COUNTERS then
    size = size + 1
    reasons[reason] = { count = 1, user_id = principal and principal.id, key_id = principal and principal.key_id }
  end
end

local function items()
  local list = {}
  for _, services in pairs(counters) do
    for service, statuses in pairs(services) do
      for status, reasons in pairs(statuses) do
        for reason, counter in pairs(reasons) do
          list[#list + 1] = {
            key_id = counter.key_id,
            user_id = counter.user_id,
            service = service ~= NO_SERVICE and service or nil,
            status = status,
            reason = reason ~= NO_REASON and reason or nil,
            count = counter.count,
          }
        end
      end
    end
  end
  return list
end

local function batch_id(node)
  local dict = store.durable()
  local number = dict:incr("usage:made", 1, 0)
  return uuid.v5(uuid.NAMESPACE, string.format("usage:%s:%s:%d", node, store.boot_id(), number))
end

--- Moves this worker's counts into the outbox. The same batch has the same id however often it is sent.
function _M.flush()
  if not since then
    return
  end
  local list, from, to = items(), since, ngx.now()
  counters, size, since = {}, 0, nil
  local node = kong.node.get_id()
  for first = 1, #list, ITEMS_IN_A_BATCH do
    local part = {}
    for i = first, math.min(first + ITEMS_IN_A_BATCH - 1, #list) do
      part[#part + 1] = list[i]
    end
    outbox.put(cjson.encode({
      batch_id = batch_id(node),
      node = node,
      from = time.format(from),
      to = time.format(to),
      items = part,
    }))
  end
end

--- Each worker has its own counts; whichever has the lock of the outbox sends for all.
function _M.tick(premature)
  if premature then
    return _M.flush()
  end
  if not settings then
    return
  end
  if since and ngx.now() - since >= settings.usage_interval then
    _M.flush()
  end
  outbox.send(settings)
end

--- In init_worker.
function _M.start()
  kong.timer:named_every("gatehouse-usage", TICK_S, _M.tick)
end

return _M
