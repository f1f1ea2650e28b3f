--- Real cryptography for the specs: lua-luaossl behind the names of lua-resty-openssl, which Debian does not package.
local openssl_digest = require "openssl.digest"
local openssl_hmac = require "openssl.hmac"
local openssl_pkey = require "openssl.pkey"
local bignum = require "openssl.bignum"
local cjson = require "cjson.safe"

local _M = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local VALUES = {}
for i = 1, 64 do
  VALUES[ALPHABET:byte(i)] = i - 1
end

function _M.encode_base64url(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    local digits = { math.floor(n / 262144), math.floor(n / 4096) % 64, math.floor(n / 64) % 64, n % 64 }
    for j = 1, b and (c and 4 or 3) or 2 do
      out[#out + 1] = ALPHABET:sub(digits[j] + 1, digits[j] + 1)
    end
  end
  return table.concat(out)
end

function _M.decode_base64url(text)
  if #text % 4 == 1 then
    return nil, "invalid input"
  end
  local out = {}
  for i = 1, #text, 4 do
    local n, count = 0, 0
    for j = i, i + 3 do
      local value = VALUES[text:byte(j)]
      if j <= #text and not value then
        return nil, "invalid input"
      end
      n = n * 64 + (value or 0)
      count = count + (value and 1 or 0)
    end
    local bytes = string.char(math.floor(n / 65536), math.floor(n / 256) % 256, n % 256)
    out[#out + 1] = bytes:sub(1, count - 1)
  end
  return table.concat(out)
end

local function hex(binary)
  return (binary:gsub(".", function(c)
    return string.format("%02x", c:byte())
  end))
end
_M.hex = hex

function _M.sha256_hex(text)
  return hex(openssl_digest.new("sha256"):final(text))
end

function _M.hmac(key, text)
  return openssl_hmac.new(key, "sha256"):final(text)
end

local CRC = {}

local function xor(a, b)
  local result, place = 0, 1
  for _ = 1, 32 do
    local x, y = a % 2, b % 2
    if x ~= y then
      result = result + place
    end
    a, b, place = (a - x) / 2, (b - y) / 2, place * 2
  end
  return result
end

for i = 0, 255 do
  local c = i
  for _ = 1, 8 do
    c = c % 2 == 1 and xor((c - 1) / 2, 0xEDB88320) or c / 2
  end
  CRC[i] = c
end

function _M.crc32(text)
  local crc = 4294967295
  for i = 1, #text do
    local low = xor(crc % 256, text:byte(i))
    crc = xor(math.floor(crc / 256), CRC[low])
  end
  return 4294967295 - crc
end

local function preload(name, module)
  package.loaded[name] = module
end

local Key = {}
Key.__index = Key

function Key:verify(signature, message, algorithm)
  assert(algorithm == "sha256")
  return self.key:verify(signature, openssl_digest.new("sha256"):update(message))
end

local function key_from_jwk(json)
  local jwk = cjson.decode(json)
  local n, e = _M.decode_base64url(jwk.n), _M.decode_base64url(jwk.e)
  if not n or not e or #n < 256 then
    return nil, "no key"
  end
  local key = openssl_pkey.new({ type = "RSA", bits = 512 })
  key:setParameters({ n = bignum.fromBinary(n), e = bignum.fromBinary(e) })
  return setmetatable({ key = key }, Key)
end

function _M.install()
  preload("resty.openssl.digest", {
    new = function(name)
      local digest = openssl_digest.new(name)
      return { final = function(_, text)
        return digest:final(text)
      end }
    end,
  })
  preload("resty.openssl.hmac", {
    new = function(key, name)
      local hmac = openssl_hmac.new(key, name)
      return { final = function(_, text)
        return hmac:final(text)
      end }
    end,
  })
  preload("resty.openssl.pkey", {
    parsed = 0,
    new = function(json, options)
      assert(options.format == "JWK")
      package.loaded["resty.openssl.pkey"].parsed = package.loaded["resty.openssl.pkey"].parsed + 1
      return key_from_jwk(json)
    end,
  })
  preload("ngx.base64", { encode_base64url = _M.encode_base64url, decode_base64url = _M.decode_base64url })
  preload("kong.tools.sha256", { sha256_hex = _M.sha256_hex })
end

return _M
