/** The global `ngx`. */
export const NGX = String.raw`
local js, jsk = __js, __jsk
local null = js.null()
local function hex(bytes) return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

local DICT_METHODS = { "get", "get_stale", "set", "safe_set", "add", "safe_add", "replace", "incr", "delete", "ttl", "expire",
  "lpush", "rpush", "lpop", "rpop", "llen" }
local dicts = {}
local function dict_named(name)
  local dict = { get_keys = function(_, max) return js.dict_keys(name, max or 1024) end,
    flush_all = function() js.dict_flush(name, false) end, flush_expired = function() return js.dict_flush(name, true) end,
    free_space = function() return 1048576 end, capacity = function() return 134217728 end }
  for _, method in ipairs(DICT_METHODS) do
    dict[method] = function(_, key, ...)
      if key == nil then return nil, "nil key" end
      return js.dict(name, method, tostring(key), ...)
    end
  end
  return dict
end
local shared = setmetatable({}, { __index = function(_, name)
  dicts[name] = dicts[name] or dict_named(name)
  return dicts[name]
end })

ngx = {
  null = null, OK = 0, ERROR = -1, AGAIN = -2, DONE = -4, DECLINED = -5,
  STDERR = 0, EMERG = 1, ALERT = 2, CRIT = 3, ERR = 4, WARN = 5, NOTICE = 6, INFO = 7, DEBUG = 8,
  HTTP_OK = 200, HTTP_CREATED = 201, HTTP_NO_CONTENT = 204, HTTP_BAD_REQUEST = 400, HTTP_UNAUTHORIZED = 401,
  HTTP_FORBIDDEN = 403, HTTP_NOT_FOUND = 404, HTTP_NOT_ALLOWED = 405, HTTP_CONFLICT = 409, HTTP_TOO_MANY_REQUESTS = 429,
  HTTP_INTERNAL_SERVER_ERROR = 500, HTTP_BAD_GATEWAY = 502, HTTP_SERVICE_UNAVAILABLE = 503, HTTP_GATEWAY_TIMEOUT = 504,
  HTTP_GET = 2, HTTP_HEAD = 4, HTTP_PUT = 16, HTTP_POST = 8, HTTP_DELETE = 32,
  now = js.now, time = js.time, update_time = function() end, shared = shared,
  today = function() return os.date("!%Y-%m-%d") end, utctime = function() return os.date("!%Y-%m-%d %H:%M:%S") end,
  http_time = js.http_time, cookie_time = js.http_time, parse_http_time = js.parse_http_time,
  crc32_long = js.crc32, crc32_short = js.crc32,
  md5 = function(text) return hex(js.hash("md5", text)) end, md5_bin = function(text) return js.hash("md5", text) end,
  sha1_bin = function(text) return js.hash("sha1", text) end,
  hmac_sha1 = function(key, text) return js.hmac("sha1", key, text) end,
  encode_base64 = js.base64_encode, decode_base64 = js.base64_decode,
  escape_uri = js.escape_uri, unescape_uri = js.unescape_uri, encode_args = js.encode_args, decode_args = js.decode_args,
  quote_sql_str = function(text) return "'" .. text:gsub("'", "''") .. "'" end,
  sleep = function(seconds) js.sleep(seconds) end,
  get_phase = js.phase,
  exit = function(status) js.exit(status, nil, {}) end,
  say = function(...) js.say(table.concat({ ... }) .. "\n") end,
  print = function(...) js.say(table.concat({ ... })) end,
  flush = function() return true end, eof = function() return true end,
  log = function(level, ...) js.log(level, __texts(...)) end,
  worker = { id = function() return 0 end, pid = js.pid, pids = function() return { js.pid() } end, count = function() return 1 end, exiting = js.exiting },
  config = { subsystem = "http", debug = false, prefix = function() return "" end, ngx_lua_version = 10026, nginx_version = 1025003, nginx_configure = function() return "" end },
  header = setmetatable({}, {
    __index = function(_, name) return js.response_header(name) end,
    __newindex = function(_, name, value) js.set_response_header(name, value) end,
  }),
  var = setmetatable({}, {
    __index = function(_, name) return js.var(tostring(name)) end,
    __newindex = function(_, name, value) js.set_var(name, value) end,
  }),
  ctx = setmetatable({}, {
    __index = function(_, key) return js.ctx("ngx")[key] end,
    __newindex = function(_, key, value) js.ctx("ngx")[key] = value end,
  }),
  re = {
    match = function(subject, pattern, options, context) return js.re_match(subject, pattern, options or "", context and context.pos or 1) end,
    find = function(subject, pattern, options, context, nth) return js.re_find(subject, pattern, options or "", context and context.pos or 1, nth or 0) end,
    gmatch = function(subject, pattern, options)
      local all, at = js.re_all(subject, pattern, options or ""), 0
      return function() at = at + 1 return all[at] end
    end,
    gsub = function(subject, pattern, replacement, options)
      if type(replacement) == "string" then return js.re_gsub(subject, pattern, replacement, options or "", true) end
      local out, from, n = {}, 1, 0
      for _, m in ipairs(js.re_all(subject, pattern, options or "")) do
        out[#out + 1] = subject:sub(from, m.from - 1) .. replacement(m)
        from, n = m.to + 1, n + 1
      end
      return table.concat(out) .. subject:sub(from), n
    end,
    sub = function(subject, pattern, replacement, options) return js.re_gsub(subject, pattern, replacement, options or "", false) end,
  },
  req = {
    get_headers = function(max, raw) return __request_headers(max, raw) end,
    clear_header = function(name) js.clear_header(name) end,
    set_header = function(name, value) js.set_header(name, value) end,
    get_method = function() return js.request("method") end,
    get_uri_args = function() return js.query_args() end,
    http_version = function() return tonumber(js.request("version")) end,
    start_time = function() return js.request("started") end,
    is_internal = function() return false end,
    read_body = function() js.body() end,
    get_body_data = function() return js.body() end,
    raw_header = function() return "" end,
  },
  resp = { get_headers = function() return js.response_headers() end },
  timer = {
    at = function(delay, fn, ...) return jsk.timer_at(delay, fn, ...) end,
    every = function(delay, fn, ...) return jsk.timer_every(delay, fn, ...) end,
    running_count = function() return 0 end, pending_count = function() return 0 end,
  },
  thread = {
    spawn = function(fn, ...) return { id = jsk.thread_spawn(fn, ...) } end,
    wait = function(...)
      local ids = {}
      for i, thread in ipairs({ ... }) do ids[i] = thread.id end
      return js.thread_wait(ids)
    end,
    kill = function() return true end,
  },
  on_abort = function() return true end,
  null_string = "",
}
setmetatable(ngx, {
  __index = function(_, name)
    if name == "status" then return js.response_status() end
    if name == "headers_sent" then return false end
    if name == "is_subrequest" then return false end
  end,
  __newindex = function(t, name, value)
    if name == "status" then js.set_status(value)
    elseif name == "ctx" then js.ctx_replace("ngx") for k, v in pairs(value) do js.ctx("ngx")[k] = v end
    else rawset(t, name, value) end
  end,
})
ndk = { set_var = {} }
__preload("ngx.re", { split = function(text, by)
  local out, from = {}, 1
  for _, m in ipairs(js.re_all(text, by, "")) do
    out[#out + 1] = text:sub(from, m.from - 1)
    from = m.to + 1
  end
  out[#out + 1] = text:sub(from)
  return out
end })
__preload("ngx.errlog", { get_sys_filter_level = function() return 7 end })
__preload("ngx.process", { type = function() return "worker" end, get_master_pid = js.pid })
__preload("ngx.semaphore", { new = function() return { wait = function() return true end, post = function() end } end })
__preload("resty.core", {})
os.exit = nil
`;
