--- What a text is, before anybody is asked: apps/auth-api/src/api-keys/key-format.ts in Lua. A typing error or an
-- invented key is recognised by its checksum, so that it costs no call.
local sha256 = require "kong.tools.sha256"

local _M = {}

local BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
local RANDOM_LENGTH = 32
local CHECKSUM_LENGTH = 6

local floor = math.floor

--- CRC-32 (ISO 3309) as six base62 digits, most significant first.
function _M.checksum(body)
  local rest = ngx.crc32_long(body)
  local digits = ""
  for _ = 1, CHECKSUM_LENGTH do
    local digit = rest % 62
    digits = BASE62:sub(digit + 1, digit + 1) .. digits
    rest = floor((rest - digit) / 62)
  end
  return digits
end

--- @return the SHA-256 in hex, or nil and a reason
function _M.parse(text, prefix)
  local start = #prefix
  if #text ~= start + RANDOM_LENGTH + CHECKSUM_LENGTH or text:sub(1, start) ~= prefix then
    return nil, "malformed"
  end
  if text:find("[^0-9A-Za-z]", start + 1) then
    return nil, "malformed"
  end
  if text:sub(-CHECKSUM_LENGTH) ~= _M.checksum(text:sub(1, -CHECKSUM_LENGTH - 1)) then
    return nil, "bad-checksum"
  end
  return sha256.sha256_hex(text)
end

return _M
