--- As much of Kong as our plugins need, on a real ngx_lua: its headers, shared dicts, sockets and timers are nginx's own.
local cjson = require "cjson"
local lrucache = require "resty.lrucache"

local _M = {}

local function crypto()
  local names = { "ngx.base64" }
  local kept = {}
  for _, name in ipairs(names) do
    kept[name] = require(name)
  end
  require("spec.support.crypto").install()
  for _, name in ipairs(names) do
    package.loaded[name] = kept[name]
  end
end

--- HTTP/1.0 over a cosocket; lua-resty-http is not packaged.
local function request_uri(_, url, params)
  local host, port, path = url:match("^http://([^:/]+):(%d+)(/.*)$")
  local socket = ngx.socket.tcp()
  socket:settimeouts(2000, 2000, 2000)
  local ok, err = socket:connect(host, tonumber(port))
  if not ok then
    return nil, err
  end
  local body = params.body or ""
  local lines = { params.method .. " " .. path .. " HTTP/1.0", "Host: " .. host, "Content-Length: " .. #body }
  for name, value in pairs(params.headers) do
    lines[#lines + 1] = name .. ": " .. value
  end
  socket:send(table.concat(lines, "\r\n") .. "\r\n\r\n" .. body)
  local text = socket:receive("*a")
  socket:close()
  local status, rest = (text or ""):match("^HTTP/1%.%d (%d+).-\r\n\r\n(.*)$")
  return status and { status = tonumber(status), body = rest } or nil, "no answer"
end

--- The lock that mlcache has: one request of the node makes a value, the others wait for it.
local function lock(dict, key)
  local give_up = ngx.now() + 5
  while not dict:add("lock:" .. key, true, 10) do
    if ngx.now() > give_up then
      return nil
    end
    ngx.sleep(0.005)
  end
  return true
end

--- mlcache in small: a table of each worker, before texts that all workers share.
local function new_cache()
  local lru = assert(lrucache.new(1000))
  local function peek(key)
    local entry = lru:get(key)
    if entry then
      return entry
    end
    local shared, left = ngx.shared.cache:get(key), ngx.shared.cache:ttl(key)
    if shared and left and left > 0 then
      entry = cjson.decode(shared)
      lru:set(key, entry, left)
    end
    return entry
  end
  local function make(key, opts, callback, ...)
    local value, err, ttl = callback(...)
    if err or (ttl and ttl < 0) then
      return value, err, 3
    end
    ttl = ttl or (value == nil and opts and opts.neg_ttl) or (opts and opts.ttl) or 60
    lru:set(key, { value = value }, ttl)
    ngx.shared.cache:set(key, cjson.encode({ value = value }), ttl)
    return value, nil, 3
  end
  return {
    get = function(_, key, opts, callback, ...)
      local entry = peek(key)
      if entry then
        return entry.value, nil, 1
      end
      if not lock(ngx.shared.cache, key) then
        return nil, "could not acquire callback lock: timeout"
      end
      entry = peek(key)
      if entry then
        ngx.shared.cache:delete("lock:" .. key)
        return entry.value, nil, 2
      end
      local value, err, level = make(key, opts, callback, ...)
      ngx.shared.cache:delete("lock:" .. key)
      return value, err, level
    end,
    invalidate_local = function(_, key)
      lru:delete(key)
      ngx.shared.cache:delete(key)
    end,
  }
end

local function headers_of_response(headers)
  for name, value in pairs(headers or {}) do
    ngx.header[name] = value
  end
end

function _M.new()
  return {
    cache = new_cache(),
    ctx = setmetatable({}, { __index = function()
      local ctx = ngx.ctx
      ctx.shared = ctx.shared or {}
      return ctx.shared
    end }),
    log = {
      err = function(...) ngx.log(ngx.ERR, ...) end,
      warn = function(...) ngx.log(ngx.WARN, ...) end,
      notice = function() end,
      debug = function() end,
    },
    node = { get_id = function() return "node" end },
    db = { consumers = { cache_key = function(_, id) return "consumers:" .. id end } },
    timer = {
      named_at = function(_, _, delay, callback, ...) return ngx.timer.at(delay, callback, ...) end,
      named_every = function(_, _, delay, callback, ...) return ngx.timer.every(delay, callback, ...) end,
    },
    client = {
      authenticate = function(consumer, credential) ngx.ctx.consumer, ngx.ctx.credential = consumer, credential end,
      get_consumer = function() return ngx.ctx.consumer end,
      get_credential = function() return ngx.ctx.credential end,
      load_consumer = function(name) return { id = name, username = name } end,
    },
    request = {
      get_method = ngx.req.get_method,
      get_forwarded_ip = function() return ngx.var.remote_addr end,
    },
    service = { request = { set_header = ngx.req.set_header, clear_header = ngx.req.clear_header } },
    router = {
      get_service = function() return { name = "llm-api" } end,
      get_route = function() return { name = "llm" } end,
    },
    response = { exit = function(status, body, headers)
      ngx.status = status
      headers_of_response(headers)
      if type(body) == "table" then
        body = cjson.encode(body)
      end
      if body then
        ngx.print(body)
      end
      return ngx.exit(status)
    end },
  }
end

function _M.install()
  crypto()
  package.loaded["resty.http"] = { new = function()
    return { set_timeouts = function() end, request_uri = request_uri }
  end }
end

return _M
