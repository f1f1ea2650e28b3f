--- Batches of usage that auth-api has not confirmed yet, in the shared dict: they outlive a worker and wait for auth-api
-- to come back, but not without bound.
local http = require "resty.http"
local once = require "kong.plugins.gatehouse.once"
local store = require "kong.plugins.gatehouse.store"

local _M = {}

local MOST_WAITING = 200
local LOCK_S = 30
local TIMEOUT_MS = 5000
local FIRST_WAIT_S = 1
local LONGEST_WAIT_S = 30
local LOCK, HEAD, TAIL, PAUSE, WAIT = "usage:lock", "usage:head", "usage:tail", "usage:pause", "usage:wait"

--- Another attempt would be refused as well.
local POINTLESS = { [400] = true, [413] = true, [422] = true }

local function slot(number)
  return string.format("usage:batch:%d", number)
end

local function drop_first(dict)
  local number = dict:incr(HEAD, 1, 0)
  dict:delete(slot(number))
end

function _M.put(body)
  local dict = store.durable()
  local number = dict:incr(TAIL, 1, 0)
  local ok, err = dict:set(slot(number), body)
  if not ok then
    once("usage full", kong.log.err, "keep a batch of usage: ", err)
  end
  if number - (dict:get(HEAD) or 0) > MOST_WAITING then
    once("usage dropped", kong.log.err, "more than ", MOST_WAITING, " batches of usage wait; the oldest is dropped")
    drop_first(dict)
  end
end

local function post(body, conf)
  local client = http.new()
  client:set_timeouts(TIMEOUT_MS, TIMEOUT_MS, TIMEOUT_MS)
  return client:request_uri(conf.usage_url, {
    method = "POST",
    body = body,
    headers = {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json",
      ["Authorization"] = "Bearer " .. (conf.call_secret or ""),
    },
    ssl_verify = conf.ssl_verify,
    keepalive_timeout = 60000,
    keepalive_pool = 2,
  })
end

--- @return whether the batch is done with
local function deliver(dict, body, conf)
  local answer, err = post(body, conf)
  local status = answer and answer.status or 0
  if status >= 200 and status < 300 then
    dict:delete(WAIT)
    return true
  end
  once("usage", kong.log.err, "post usage to ", conf.usage_url, ": ", err or status)
  if POINTLESS[status] then
    return true
  end
  local wait = dict:get(WAIT) or FIRST_WAIT_S
  dict:set(PAUSE, true, wait)
  dict:set(WAIT, math.min(wait * 2, LONGEST_WAIT_S))
  return false
end

local function deliver_all(dict, conf)
  while true do
    local head = dict:get(HEAD) or 0
    if head >= (dict:get(TAIL) or 0) then
      return
    end
    local body = dict:get(slot(head + 1))
    if body and not deliver(dict, body, conf) then
      return
    end
    -- Somebody may have dropped it meanwhile, to make room.
    if (dict:get(HEAD) or 0) == head then
      drop_first(dict)
    end
  end
end

--- Oldest first, by one worker of the node at a time.
function _M.send(conf)
  local dict = store.durable()
  if (dict:get(HEAD) or 0) >= (dict:get(TAIL) or 0) or dict:get(PAUSE) or not dict:add(LOCK, true, LOCK_S) then
    return
  end
  local ok, err = pcall(deliver_all, dict, conf)
  dict:delete(LOCK)
  if not ok then
    kong.log.err("send usage: ", err)
  end
end

return _M
