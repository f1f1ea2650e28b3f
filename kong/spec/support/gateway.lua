--- A Kong of one worker, as small as our plugins need it, under a clock of ours.
local cjson = require "cjson.safe"
local crypto = require "spec.support.crypto"
local new_cache = require("spec.support.cache").new
local new_dict = require("spec.support.dict").new
local schema = require "spec.support.schema"

local _M = {}

local EXIT = {}

local function forget_modules()
  for name in pairs(package.loaded) do
    if name:find("^kong%.plugins%.") then
      package.loaded[name] = nil
    end
  end
end

local function install_lrucache(clock)
  package.loaded["resty.lrucache"] = {
    new = function()
      local dict = new_dict(clock)
      return {
        get = function(_, key)
          return dict:get(key)
        end,
        set = function(_, key, value, ttl)
          dict:set(key, value, ttl)
        end,
        delete = function(_, key)
          dict:delete(key)
        end,
      }
    end,
  }
end

local function install_http(world)
  package.loaded["resty.http"] = {
    new = function()
      return {
        set_timeouts = function(_, ...)
          world.timeouts = { ... }
        end,
        request_uri = function(_, url, params)
          world.calls[#world.calls + 1] = { url = url, params = params }
          local responder = world.http[url]
          if not responder then
            return nil, "connection refused"
          end
          return responder(params, url)
        end,
      }
    end,
  }
end

local function headers_table(headers)
  local copy = {}
  for name, value in pairs(headers) do
    copy[name] = value
  end
  return setmetatable(copy, {
    __index = function(self, name)
      return rawget(self, (name:lower():gsub("_", "-")))
    end,
  })
end

local function new_ngx(world)
  return {
    null = cjson.null,
    shared = world.shared,
    status = 200,
    var = { request_id = "request-1" },
    now = function()
      return world.clock.now
    end,
    time = function()
      return math.floor(world.clock.now)
    end,
    crc32_long = crypto.crc32,
    sleep = function(seconds)
      if world.side_by_side then
        coroutine.yield(seconds)
      else
        world:pass(seconds)
      end
    end,
    req = {
      get_headers = function(limit)
        assert(limit == 0, "all headers must be read")
        world.header_reads = world.header_reads + 1
        return headers_table(world.upstream)
      end,
    },
  }
end

local function noop() end

local function new_kong(world)
  local request_ctx = {}
  world.new_request = function()
    request_ctx.shared = {}
    request_ctx.consumer, request_ctx.credential = nil, nil
  end
  world.ctx = request_ctx
  local function log(level)
    return function(...)
      local parts = {}
      for i = 1, select("#", ...) do
        parts[i] = tostring((select(i, ...)))
      end
      world.logged[#world.logged + 1] = level .. ": " .. table.concat(parts)
    end
  end
  return {
    ctx = request_ctx,
    cache = new_cache(world.clock),
    log = { err = log("err"), warn = log("warn"), notice = log("notice"), info = noop, debug = noop },
    node = { get_id = function()
      return "node-1"
    end },
    db = {
      consumers = { cache_key = function(_, id)
        return "consumers:" .. id
      end },
      jwt_secrets = {
        cache_key = function(_, kid)
          return "jwt_secrets:" .. kid
        end,
        select_by_key = function(_, kid)
          if world.database_down then
            return nil, "no connection"
          end
          return world.jwt_secrets[kid]
        end,
      },
    },
    timer = {
      named_at = function(_, name, _, callback, ...)
        world.timers[#world.timers + 1] = { name = name, callback = callback, arguments = { ... } }
        return true
      end,
      named_every = function(_, name, _, callback)
        world.every[name] = callback
        return true
      end,
    },
    cluster_events = {
      broadcast = function(_, channel, text)
        world.broadcasts[#world.broadcasts + 1] = { channel = channel, text = text }
        return true
      end,
      subscribe = function(_, channel, callback)
        world.subscribed[channel] = callback
      end,
    },
    client = {
      authenticate = function(consumer, credential)
        assert(consumer or credential)
        request_ctx.consumer, request_ctx.credential = consumer, credential
      end,
      get_consumer = function()
        return request_ctx.consumer
      end,
      get_credential = function()
        return request_ctx.credential
      end,
      load_consumer = function(name)
        world.consumer_loads = world.consumer_loads + 1
        return world.consumers[name]
      end,
    },
    request = {
      get_method = function()
        return world.method
      end,
      get_forwarded_ip = function()
        return world.ip
      end,
    },
    service = { request = {
      set_header = function(name, value)
        assert(value ~= nil, name)
        world.upstream[name:lower()] = tostring(value)
      end,
      clear_header = function(name)
        world.upstream[name:lower()] = nil
      end,
    } },
    router = { get_service = function()
      return world.service and { name = world.service }
    end, get_route = function()
      return world.route and { name = world.route }
    end },
    response = { exit = function(status, body, headers)
      error({ [EXIT] = true, status = status, body = body, headers = headers or {} })
    end },
  }
end

--- Fresh plugins in a fresh node.
function _M.new()
  local world = {
    clock = { now = 1700000000 },
    route = "people",
    shared = {},
    http = {},
    calls = {},
    timers = {},
    every = {},
    broadcasts = {},
    subscribed = {},
    logged = {},
    consumers = {},
    jwt_secrets = { ["kid-1"] = { key = "kid-1" } },
    consumer_loads = 0,
    header_reads = 0,
    upstream = {},
    method = "GET",
    ip = "192.0.2.1",
  }
  world.shared.gatehouse = new_dict(world.clock)
  world.shared.gatehouse_volatile = new_dict(world.clock)
  for _, name in ipairs({ "kong-anon-jwt", "kong-anon-key", "tier-guest", "tier-registered", "tier-key" }) do
    world.consumers[name] = { id = "id-of-" .. name, username = name }
  end
  forget_modules()
  crypto.install()
  install_lrucache(world.clock)
  install_http(world)
  package.loaded["kong.db.schema.typedefs"] = schema.typedefs
  package.loaded["kong.plugins.prometheus.exporter"] = nil
  _G.ngx = new_ngx(world)
  _G.kong = new_kong(world)
  world.new_request()
  return setmetatable(world, { __index = _M })
end

function _M:handler(name)
  return require("kong.plugins." .. name .. ".handler")
end

--- A configuration with its defaults; one table for one plugin instance, as in Kong.
function _M.config(_, name, given)
  local full, errors = schema.validate(require("kong.plugins." .. name .. ".schema"), given)
  return assert(full, errors and cjson.encode(errors))
end

local function caught(run)
  local ok, result = pcall(run)
  if ok then
    return nil
  end
  if type(result) == "table" and result[EXIT] then
    return result
  end
  error(result, 0)
end

local function answer_of(world, exit)
  local answer = { consumer = world.ctx.consumer, credential = world.ctx.credential, state = world.ctx.shared.gatehouse }
  if not exit then
    answer.status, answer.upstream = 200, world.upstream
    return answer
  end
  answer.status, answer.headers = exit.status, exit.headers
  answer.body = type(exit.body) == "string" and cjson.decode(exit.body) or exit.body
  answer.reason = answer.body and answer.body.reason
  return answer
end

--- Sends one request through `plugins`, a list of { handler, config } in order of priority.
-- @param request method, headers (by name in lower case), ip, service
function _M:send(plugins, request)
  self.new_request()
  self.method, self.ip = request.method or "GET", request.ip or "192.0.2.1"
  self.service = request.service == nil and "llm-api" or request.service
  self.upstream = {}
  for name, value in pairs(request.headers or {}) do
    self.upstream[name] = value
  end
  local exit = caught(function()
    for _, plugin in ipairs(plugins) do
      if plugin[1].rewrite then
        plugin[1]:rewrite(plugin[2])
      end
    end
    for _, plugin in ipairs(plugins) do
      plugin[1]:access(plugin[2])
    end
  end)
  local answer = answer_of(self, exit)
  _G.ngx.status = exit and exit.status or request.upstream_status or 200
  for _, plugin in ipairs(plugins) do
    if plugin[1].log then
      plugin[1]:log(plugin[2])
    end
  end
  return answer
end

--- Calls the Admin API of a plugin.
function _M.admin(_, name, route, method, params)
  local exit = caught(function()
    require("kong.plugins." .. name .. ".api")[route][method]({ params = params or {} })
  end)
  return { status = exit.status, body = exit.body }
end

--- Runs what was put off to a timer.
function _M:run_timers()
  local timers = self.timers
  self.timers = {}
  for _, timer in ipairs(timers) do
    timer.callback(false, unpack(timer.arguments))
  end
end

local function earliest(jobs)
  local first = 1
  for i = 2, #jobs do
    if jobs[i].time < jobs[first].time then
      first = i
    end
  end
  return first
end

--- Runs what may sleep, each from its time on; the clock goes on when all of it sleeps.
-- @param starts a list of { time, function }
function _M:run_side_by_side(starts)
  self.side_by_side = true
  table.sort(starts, function(one, other)
    return one[1] < other[1]
  end)
  local started, asleep = 0, {}
  while started < #starts or #asleep > 0 do
    local start, first = starts[started + 1], earliest(asleep)
    local job
    if start and (#asleep == 0 or start[1] < asleep[first].time) then
      started, job = started + 1, { time = start[1], thread = coroutine.create(start[2]) }
    else
      job = table.remove(asleep, first)
    end
    self.clock.now = math.max(self.clock.now, job.time)
    local ok, seconds = coroutine.resume(job.thread)
    assert(ok, seconds)
    if coroutine.status(job.thread) ~= "dead" then
      job.time = self.clock.now + seconds
      asleep[#asleep + 1] = job
    end
  end
  self.side_by_side = false
end

function _M:pass(seconds)
  self.clock.now = self.clock.now + seconds
end

return _M
