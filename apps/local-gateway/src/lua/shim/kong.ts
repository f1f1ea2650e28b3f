/** The global `kong`: the PDK, caches, events and entities. */
export const KONG = String.raw`
local js, jsk = __js, __jsk
local null = js.null()

function __texts(...)
  local out = {}
  for i = 1, select("#", ...) do out[i] = tostring((select(i, ...))) end
  return table.concat(out)
end

-- Looked up in any spelling, as ngx.req.get_headers() does.
local lower_mt = { __index = function(t, name)
  if type(name) ~= "string" then return nil end
  return rawget(t, (name:lower():gsub("_", "-"))) or rawget(t, name:lower())
end }
function __request_headers(max, raw)
  local headers, err = js.request_headers(max or 100, raw == true)
  if raw then return headers, err end
  return setmetatable(headers, lower_mt), err
end

local function logger()
  local log = {}
  for name, level in pairs({ debug = 8, info = 7, notice = 6, warn = 5, err = 4, crit = 3, alert = 2, emerg = 1 }) do
    log[name] = function(...) js.log(level, __texts(...)) end
  end
  log.deprecation = setmetatable({ write = function() end }, { __call = function(_, ...) js.log(5, __texts(...)) end })
  log.inspect = setmetatable({ on = function() end, off = function() end }, { __call = function(_, ...)
    local parts = {}
    for i = 1, select("#", ...) do
      local value = select(i, ...)
      parts[i] = type(value) == "table" and require("cjson.safe").encode(value) or tostring(value)
    end
    js.log(8, table.concat(parts, " "))
  end })
  log.set_serialize_value = function() end
  log.serialize = function() return js.serialize() end
  return setmetatable(log, { __call = function(_, ...) js.log(6, __texts(...)) end })
end

local cache_mt = __cache_mt
local worker_handlers = {}
local worker_events = {
  register = function(handler, source, event)
    worker_handlers[#worker_handlers + 1] = { handler = handler, source = source, event = event }
    return true
  end,
}
worker_events.post = function(source, event, data)
  for _, each in ipairs(worker_handlers) do
    if each.source == source and (each.event == nil or each.event == event) then
      jsk.timer_at(0, function() each.handler(data, event, source, 0) end)
    end
  end
  return "done"
end
worker_events.post_local = worker_events.post
worker_events.unregister = function(handler)
  for i = #worker_handlers, 1, -1 do if worker_handlers[i].handler == handler then table.remove(worker_handlers, i) end end
end
worker_events.poll = function() return "done" end

-- Nobody else is there: what is broadcast is heard by no one, as where there is no database.
local cluster_events = { broadcast = function() return true end, subscribe = function() return true end }

local function dao(name)
  local methods = { schema = { name = name } }
  methods.cache_key = function(_, key)
    if type(key) == "table" then key = key.id or key.name or key.username end
    if type(key) ~= "string" then error("key must be a string or an entity table", 2) end
    return name .. ":" .. key .. ":::::" .. __workspace
  end
  methods.select = function(_, key) return js.db_select(name, "id", type(key) == "table" and key.id or key) end
  methods.each = function()
    local all, at = js.db_all(name), 0
    return function() at = at + 1 return all[at] end
  end
  methods.page = function() return js.db_all(name) end
  methods.select_by_cache_key = function() return nil end
  return setmetatable(methods, { __index = function(_, method)
    local field = type(method) == "string" and method:match("^select_by_(.+)$")
    if field then return function(_, value) return js.db_select(name, field, value) end end
  end })
end
local daos = {}
local db = setmetatable({ strategy = __mode == "db" and "postgres" or "off", daos = daos }, { __index = function(_, name)
  if not js.has_kind(name) then return nil end
  daos[name] = daos[name] or dao(name)
  return daos[name]
end })

local function set_many(set) return function(headers) for name, value in pairs(headers) do set(name, value) end end end
local request = {
  get_scheme = function() return "http" end, get_http_version = function() return tonumber(js.request("version")) end,
  get_host = function() return js.request("host") end, get_port = function() return js.request("port") end,
  get_forwarded_scheme = function() return "http" end, get_forwarded_host = function() return js.request("host") end,
  get_forwarded_port = function() return js.request("port") end, get_forwarded_path = function() return js.request("raw_path") end,
  get_forwarded_prefix = function() return js.request("prefix") end, get_forwarded_ip = function() return js.request("ip") end,
  get_method = function() return js.request("method") end, get_path = function() return js.request("path") end,
  get_raw_path = function() return js.request("raw_path") end, get_path_with_query = function() return js.request("uri") end,
  get_raw_query = function() return js.request("query") end, get_start_time = function() return js.request("started") * 1000 end,
  get_query = function() return js.query_args() end,
  get_query_arg = function(name)
    local value = js.query_args()[name]
    if type(value) == "table" then return value[1] end
    return value
  end,
  get_header = function(name) return js.request_header(name) end,
  get_headers = function(max) return __request_headers(max) end,
  get_uri_captures = function() return js.captures() end,
  get_raw_body = function() return js.body() end,
  get_body = function()
    local body = js.body()
    if not body then return nil end
    local value, err = require("cjson.safe").decode(body)
    if value == nil then return nil, err end
    return value, nil, "application/json"
  end,
}
local service_request = {
  set_header = function(name, value) js.set_header(name, value) end,
  add_header = function(name, value) js.add_header(name, value) end,
  clear_header = function(name) js.clear_header(name) end,
  set_method = function(method) js.set_request("method", method) end,
  set_path = function(path) js.set_request("path", path) end,
  set_raw_query = function(query) js.set_request("query", query) end,
  set_query = function(args) js.set_request("query", js.encode_args(args)) end,
  clear_query_arg = function(name)
    local args = js.query_args()
    args[name] = nil
    js.set_request("query", js.encode_args(args))
  end,
  set_raw_body = function(body) js.set_request("body", body) end,
  set_scheme = function() end, enable_buffering = function() end, disable_tls = function() end,
}
service_request.set_headers = set_many(service_request.set_header)
local response = {
  exit = function(status, body, headers) return js.exit(status, body, headers) end,
  error = function(status, message, headers) return js.exit_error(status, message, headers) end,
  get_status = function() return js.response_status() end, set_status = function(status) js.set_status(status) end,
  get_source = function() return js.response_source() end,
  get_header = function(name) return js.response_header(name) end,
  get_headers = function() return js.response_headers() end,
  set_header = function(name, value) js.set_response_header(name, value) end,
  add_header = function(name, value) js.add_response_header(name, value) end,
  clear_header = function(name) js.set_response_header(name, nil) end,
  get_raw_body = function() return nil end, set_raw_body = function() end,
}
response.set_headers = set_many(response.set_header)

local function lazy(names)
  return setmetatable({}, { __index = function(_, name)
    if names[name] then return js.ctx(name) end
  end })
end

kong = {
  version = __version, version_num = 3009003, pdk_major_version = 1, pdk_version = "1.0.0",
  configuration = setmetatable({ database = __mode == "db" and "postgres" or "off", role = "traditional", prefix = "/",
    log_level = "notice", real_ip_header = "X-Real-IP", nginx_worker_processes = 1, loaded_plugins = __plugins,
    remove_sensitive = function() return {} end }, {}),
  node = { get_id = function() return __node_id end, get_hostname = function() return __hostname end, get_memory_stats = function() return {} end },
  log = logger(),
  cache = setmetatable({ name = "cache" }, cache_mt), core_cache = setmetatable({ name = "core_cache" }, cache_mt),
  worker_events = worker_events, cluster_events = cluster_events, db = db,
  request = request, response = response,
  service = { request = service_request, response = {
      get_status = function() return js.response_source() == "service" and js.response_status() or nil end,
      get_header = function(name) return js.response_header(name) end, get_headers = function() return js.response_headers() end,
    }, set_target = function(host, port) js.set_target(host, port) end, set_upstream = function() return nil end },
  client = {
    get_ip = function() return js.request("ip") end, get_forwarded_ip = function() return js.request("ip") end,
    get_port = function() return js.request("client_port") end, get_protocol = function() return "http" end,
    get_consumer = function() return js.client("consumer") end, get_credential = function() return js.client("credential") end,
    authenticate = function(consumer, credential)
      if consumer == nil and credential == nil then error("either credential or consumer must be provided", 2) end
      jsk.authenticate(consumer, credential)
    end,
    load_consumer = function(id, by_name)
      local consumer = js.db_select("consumers", "id", id)
      if not consumer and by_name then consumer = js.db_select("consumers", "username", id) end
      return consumer
    end,
  },
  router = { get_route = function() return js.client("route") end, get_service = function() return js.client("service") end },
  ctx = lazy({ shared = true, plugin = true, core = true }),
  table = { new = function() return {} end, clear = table.clear, merge = require("kong.tools.table").table_merge },
  ip = { is_trusted = function() return false end },
  vault = { get = function(reference) return js.vault(reference) end, is_reference = function(text) return type(text) == "string" and text:find("^{vault://.+}$") ~= nil end,
    update = function(options) return options end, try = function(callback, options) return callback(options) end },
  timer = {
    at = function(_, delay, fn, ...) return jsk.timer_at(delay, fn, ...) end,
    every = function(_, delay, fn, ...) return jsk.timer_every(delay, fn, ...) end,
    named_at = function(_, _, delay, fn, ...) return jsk.timer_at(delay, fn, ...) end,
    named_every = function(_, _, delay, fn, ...) return jsk.timer_every(delay, fn, ...) end,
    cancel = function() return true end,
  },
  nginx = { get_subsystem = function() return "http" end, get_statistics = function() return {} end },
  telemetry = { log = function() end },
  default_workspace = __workspace,
}
kong.vault.get_reference = kong.vault.get

-- A type definition may be called with what is to be different in it.
local typedef_mt
typedef_mt = { __call = function(base, more)
  local made = {}
  for k, v in pairs(base) do made[k] = v end
  for k, v in pairs(more or {}) do made[k] = v end
  return setmetatable(made, typedef_mt)
end }
local typedefs = setmetatable({}, { __index = function(_, name)
  if js.has_typedef(name) then return setmetatable({ __typedef = name }, typedef_mt) end
end })
__preload("kong.db.schema.typedefs", typedefs)
__preload("kong.db.schema", { define = function(field) return setmetatable(field, typedef_mt) end })
`;
