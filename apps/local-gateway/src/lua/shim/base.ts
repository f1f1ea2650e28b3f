/** What LuaJIT and OpenResty have and Lua 5.3 has not; the modules that hold no code of their own. */
export const BASE = String.raw`
local js, jsk = __js, __jsk
local array_mt, empty_array_mt = __array_mt, __empty_array_mt
local null = js.null()

unpack = table.unpack
loadstring = load
math.pow = function(a, b) return a ^ b end
math.ldexp = function(m, e) return m * 2 ^ e end
table.getn = function(t) return #t end
table.new = function() return {} end
table.clear = function(t) for k in pairs(t) do t[k] = nil end end
table.nkeys = function(t) local n = 0 for _ in pairs(t) do n = n + 1 end return n end
table.isempty = function(t) return next(t) == nil end
table.isarray = function(t) local n = 0 for _ in pairs(t) do n = n + 1 end return n == #t end
jit = { version = "fengari", version_num = 20100, os = "Linux", arch = "x64", on = function() end, off = function() end }

-- Numbers are doubles: %d takes those beyond 32 bits as well.
local format = string.format
string.format = function(pattern, ...)
  local args, n = { ... }, 0
  pattern = pattern:gsub("%%([%-+ #0]*%d*%.?%d*)([%a%%])", function(flags, kind)
    if kind == "%" then return "%%" end
    n = n + 1
    if (kind == "d" or kind == "i") and tonumber(args[n]) then
      args[n] = tonumber(args[n])
      args[n] = args[n] >= 0 and math.floor(args[n]) or math.ceil(args[n])
      if flags:find("%.") then return "%" .. flags .. "d" end
      return "%" .. flags .. ".0f"
    end
    return "%" .. flags .. kind
  end)
  return format(pattern, unpack(args, 1, math.max(select("#", ...), n)))
end

local function preload(name, module)
  package.preload[name] = function() return module end
end
__preload = preload

preload("table.new", table.new)
preload("table.clear", table.clear)
preload("table.nkeys", table.nkeys)
preload("table.isempty", table.isempty)
preload("table.isarray", table.isarray)
bit = {}
for _, name in ipairs({ "band", "bor", "bxor", "bnot", "lshift", "rshift", "arshift", "rol", "ror", "tobit", "tohex" }) do
  bit[name] = function(...) return js.bit(name, ...) end
end
preload("bit", bit)

local cjson = {
  null = null, array_mt = array_mt, empty_array_mt = empty_array_mt,
  empty_array = setmetatable({}, empty_array_mt), version = "2.1.0", _NAME = "cjson",
}
cjson.encode = function(value)
  local text, err = js.json_encode(value)
  if err then error(err, 2) end
  return text
end
cjson.decode = function(text)
  if type(text) ~= "string" then error("bad argument #1 to 'decode' (string expected, got " .. type(text) .. ")", 2) end
  local value, err = js.json_decode(text)
  if err then error(err, 2) end
  return value
end
for _, name in ipairs({ "encode_sparse_array", "encode_max_depth", "decode_max_depth", "encode_number_precision",
  "encode_keep_buffer", "encode_invalid_numbers", "decode_invalid_numbers", "decode_array_with_array_mt",
  "encode_empty_table_as_object", "encode_escape_forward_slash" }) do
  cjson[name] = function(...) return ... end
end
cjson.new = function() return cjson end
local safe = setmetatable({
  encode = function(value) return js.json_encode(value) end,
  decode = function(text)
    if type(text) ~= "string" then return nil, "bad argument #1 to 'decode' (string expected, got " .. type(text) .. ")" end
    return js.json_decode(text)
  end,
}, { __index = cjson })
safe.new = function() return safe end
preload("cjson", cjson)
preload("cjson.safe", safe)

local function split(text, by)
  local out, from = {}, 1
  while true do
    local at, to = text:find(by, from, true)
    if not at then out[#out + 1] = text:sub(from) return out end
    out[#out + 1] = text:sub(from, at - 1)
    from = to + 1
  end
end
local strings = {
  split = split,
  strip = function(text) return text and (tostring(text):gsub("^%s+", ""):gsub("%s+$", "")) or "" end,
  isplitn = nil,
}
preload("kong.tools.string", strings)
local UUID = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$"
local uuid = { uuid = js.uuid, is_valid_uuid = function(text) return type(text) == "string" and text:find(UUID) ~= nil end }
preload("kong.tools.uuid", uuid)
preload("resty.jit-uuid", { generate_v4 = js.uuid, is_valid = uuid.is_valid_uuid, seed = function() end })
local function deep_copy(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for k, v in pairs(value) do copy[deep_copy(k)] = deep_copy(v) end
  return setmetatable(copy, getmetatable(value))
end
local tables = {
  deep_copy = deep_copy, cycle_aware_deep_copy = deep_copy, EMPTY = {},
  table_contains = function(list, item) for _, v in ipairs(list or {}) do if v == item then return true end end return false end,
  table_merge = function(a, b) local out = {} for k, v in pairs(a or {}) do out[k] = v end for k, v in pairs(b or {}) do out[k] = v end return out end,
}
tables.shallow_copy = function(t) return tables.table_merge(t) end
preload("kong.tools.table", tables)
preload("kong.tools.rand", { random_string = js.random_key, get_rand_bytes = function(n) return js.random(n) end })
preload("kong.tools.time", { time_ns = function() return js.now() * 1e9 end, get_now_ms = function() return js.now() * 1000 end })
preload("kong.tools.utils", tables.table_merge(tables.table_merge(strings, uuid), tables))
preload("kong.tools.cjson", { encode = safe.encode, decode = safe.decode, decode_with_array_mt = safe.decode })
preload("kong.meta", { _NAME = "kong", _VERSION = __version, version = __version, _SERVER_TOKENS = "kong/" .. __version })
preload("kong.constants", { HEADERS = {
  CONSUMER_ID = "X-Consumer-ID", CONSUMER_CUSTOM_ID = "X-Consumer-Custom-ID", CONSUMER_USERNAME = "X-Consumer-Username",
  CREDENTIAL_IDENTIFIER = "X-Credential-Identifier", ANONYMOUS = "X-Anonymous-Consumer", CONSUMER_GROUPS = "X-Consumer-Groups",
  AUTHENTICATED_GROUPS = "X-Authenticated-Groups", REQUEST_ID = "X-Kong-Request-Id", VIA = "Via",
  RATELIMIT_LIMIT = "X-RateLimit-Limit", RATELIMIT_REMAINING = "X-RateLimit-Remaining",
} })

local metric = {}
metric.__index = metric
metric.inc = function(self, value, labels)
  if type(value) == "table" then value, labels = 1, value end
  js.metric_add(self.name, value or 1, labels or {})
end
metric.set = function(self, value, labels) js.metric_set(self.name, value, labels or {}) end
metric.observe = function(self, value, labels) js.metric_observe(self.name, value, labels or {}) end
metric.del, metric.reset = function() end, function() end
local prometheus = {}
for _, kind in ipairs({ "counter", "gauge", "histogram" }) do
  prometheus[kind] = function(_, name, help, labels, buckets)
    return setmetatable({ name = js.metric_register(kind, name, help or "", labels or {}, buckets) }, metric)
  end
end
preload("kong.plugins.prometheus.exporter", {
  get_prometheus = function() return prometheus end, init = function() end, collect = function() end, log = function() end,
})
`;
