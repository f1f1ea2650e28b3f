/** The resty modules: hashes, keys, lrucache, lock, http, buffers. */
export const RESTY = String.raw`
local js, jsk, preload = __js, __jsk, __preload

preload("ngx.base64", { encode_base64url = js.base64url_encode, decode_base64url = js.base64url_decode })
local function hex(bytes) return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
preload("resty.string", { to_hex = hex, atoi = tonumber })
preload("resty.random", { bytes = function(n) return js.random(n) end })
local function hasher(algorithm)
  local class = {}
  class.__index = class
  class.new = function() return setmetatable({ data = {} }, class) end
  class.update = function(self, text) self.data[#self.data + 1] = text return true end
  class.final = function(self) return js.hash(algorithm, table.concat(self.data)) end
  class.reset = function(self) self.data = {} return true end
  return class
end
for module, algorithm in pairs({ sha256 = "sha256", sha1 = "sha1", sha512 = "sha512", md5 = "md5", sha224 = "sha224", sha384 = "sha384" }) do
  preload("resty." .. module, hasher(algorithm))
end
preload("kong.tools.sha256", {
  sha256_bin = function(text) return js.hash("sha256", text) end,
  sha256_hex = function(text) return hex(js.hash("sha256", text)) end,
  sha256_base64 = function(text) return js.base64_encode(js.hash("sha256", text)) end,
  sha256_base64url = function(text) return js.base64url_encode(js.hash("sha256", text)) end,
})

local digest = {}
digest.__index = digest
digest.new = function(algorithm) return setmetatable({ algorithm = algorithm or "sha1", data = {} }, digest) end
digest.update = function(self, ...)
  for _, part in ipairs({ ... }) do self.data[#self.data + 1] = part end
  return true
end
digest.reset = function(self) self.data = {} return true end
digest.final = function(self, last)
  if last then self:update(last) end
  return js.hash(self.algorithm, table.concat(self.data))
end
preload("resty.openssl.digest", digest)
local hmac = {}
hmac.__index = hmac
hmac.new = function(key, algorithm) return setmetatable({ key = key, algorithm = algorithm or "sha1", data = {} }, hmac) end
hmac.update, hmac.reset = digest.update, digest.reset
hmac.final = function(self, last)
  if last then self:update(last) end
  return js.hmac(self.algorithm, self.key, table.concat(self.data))
end
preload("resty.openssl.hmac", hmac)
preload("resty.openssl.rand", { bytes = function(n) return js.random(n) end })

local pkey = { PADDINGS = { RSA_PKCS1_PADDING = 1, RSA_PKCS1_OAEP_PADDING = 4, RSA_PKCS1_PSS_PADDING = 6 } }
pkey.__index = pkey
pkey.__gc = nil
pkey.istype = function(value) return type(value) == "table" and getmetatable(value) == pkey end
pkey.new = function(source, options)
  options = options or {}
  if type(source) ~= "string" then return nil, "pkey.new: only PEM and JWK texts" end
  local id, err = js.key_new(source, options.format, options.type)
  if not id then return nil, err end
  return setmetatable({ id = id }, pkey)
end
local function signed(data, algorithm)
  if type(data) == "table" then return table.concat(data.data), data.algorithm end
  if type(algorithm) == "table" then algorithm = algorithm.algorithm end
  return data, algorithm or "sha256"
end
pkey.verify = function(self, signature, data, algorithm, padding)
  local text, name = signed(data, algorithm)
  return js.key_verify(self.id, signature, text, name, padding)
end
pkey.sign = function(self, data, algorithm)
  local text, name = signed(data, algorithm)
  return js.key_sign(self.id, text, name)
end
pkey.to_PEM = function(self, part) return js.key_pem(self.id, part or "public") end
pkey.tostring = function(self, part) return js.key_pem(self.id, part or "public") end
preload("resty.openssl.pkey", pkey)

local lru = {}
lru.__index = lru
lru.new = function(size) return setmetatable({ id = js.lru_new(size) }, lru) end
lru.get = function(self, key) return jsk.lru_get(self.id, key) end
lru.set = function(self, key, value, ttl, flags) jsk.lru_set(self.id, key, value, ttl, flags) end
lru.delete = function(self, key) jsk.lru_delete(self.id, key) end
lru.flush_all = function(self) js.lru_flush(self.id) end
lru.count = function(self) return js.lru_count(self.id) end
lru.capacity = function(self) return js.lru_capacity(self.id) end
lru.get_keys = function(self) return js.lru_keys(self.id) end
preload("resty.lrucache", lru)
preload("resty.lrucache.pureffi", lru)

local lock = {}
lock.__index = lock
lock.new = function(_, dict, options)
  return setmetatable({ timeout = options and options.timeout or 5 }, lock)
end
lock.lock = function(self, key)
  if js.lock("lock:" .. key, self.timeout * 1000) then self.key = key return 0 end
  return nil, "timeout"
end
lock.unlock = function(self)
  if not self.key then return nil, "unlocked" end
  js.unlock("lock:" .. self.key)
  self.key = nil
  return 1
end
lock.expire = function() return true end
preload("resty.lock", lock)

local http = { _VERSION = "0.17.2" }
http.__index = http
http.new = function() return setmetatable({ timeouts = { 60000, 60000, 60000 } }, http) end
http.set_timeout = function(self, ms) self.timeouts = { ms, ms, ms } return true end
http.set_timeouts = function(self, connect, send, read) self.timeouts = { connect, send, read } return true end
http.set_keepalive = function() return 1 end
http.close = function() return 1 end
http.parse_uri = function(_, uri)
  local scheme, host, port, path = uri:match("^(https?)://([^:/]+):?(%d*)(.*)$")
  if not scheme then return nil, "bad uri: " .. tostring(uri) end
  return { scheme, host, tonumber(port) or (scheme == "https" and 443 or 80), path == "" and "/" or path }
end
local headers_mt = { __index = function(self, key)
  if type(key) ~= "string" then return nil end
  return rawget(self, (key:lower():gsub("_", "-")))
end }
http.request_uri = function(self, uri, options)
  options = options or {}
  if type(options.body) == "table" then options.body = table.concat(options.body) end
  local answer, err = js.http_request(uri, {
    method = options.method, path = options.path, query = options.query, headers = options.headers, body = options.body,
    ssl_verify = options.ssl_verify, keepalive = options.keepalive,
  }, self.timeouts)
  if not answer then return nil, err end
  setmetatable(answer.headers, headers_mt)
  answer.has_body = true
  answer.read_body = function() return answer.body end
  return answer
end
preload("resty.http", http)

local buffer = {}
buffer.__index = buffer
buffer.new = function() return setmetatable({ parts = {} }, buffer) end
buffer.put = function(self, ...)
  for _, part in ipairs({ ... }) do self.parts[#self.parts + 1] = tostring(part) end
  return self
end
buffer.get = function(self) local text = table.concat(self.parts) self.parts = {} return text end
buffer.tostring = function(self) return table.concat(self.parts) end
buffer.__tostring = buffer.tostring
buffer.__len = function(self) return #table.concat(self.parts) end
buffer.reset, buffer.free = function(self) self.parts = {} return self end, function(self) self.parts = {} end
preload("string.buffer", buffer)
`;
