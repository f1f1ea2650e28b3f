--- UUIDv5 (RFC 9562 §5.5): ids computed from ours, the same in Lua and TypeScript.
local digest = require "resty.openssl.digest"

local _M = {
  NAMESPACE = require "kong.plugins.gatehouse.namespace",
}

local function bytes_of(text)
  return (text:gsub("-", ""):gsub("%x%x", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

function _M.v5(namespace, name)
  local sha1 = assert(assert(digest.new("sha1")):final(bytes_of(namespace) .. name))
  local hex = {}
  for i = 1, 16 do
    local byte = sha1:byte(i)
    if i == 7 then
      byte = byte % 16 + 80
    elseif i == 9 then
      byte = byte % 64 + 128
    end
    hex[i] = string.format("%02x", byte)
  end
  local all = table.concat(hex)
  return table.concat({ all:sub(1, 8), all:sub(9, 12), all:sub(13, 16), all:sub(17, 20), all:sub(21, 32) }, "-")
end

return _M
