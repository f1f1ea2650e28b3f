--- Texts that go into headers: no control characters, nothing that another parser would trim.
local _M = {}

--- OpenID Connect Core §2: at most 255 ASCII characters.
function _M.is_subject(value)
  return type(value) == "string" and #value > 0 and #value <= 255 and not value:find("[^\33-\126]")
end

--- UTF-8 stays as it is; line breaks and other control characters go, and blanks at both ends.
function _M.clean(value)
  if type(value) ~= "string" then
    return nil
  end
  value = value:gsub("%c", "")
  value = value:match("^%s*(.-)%s*$")
  return value ~= "" and value or nil
end

--- An identifier as it is, or nothing: half of one would be another one.
function _M.header_safe(value)
  return _M.is_subject(value) and value or nil
end

--- No pattern of OpenResty is needed for percent-encoding in a path segment.
function _M.unescape(value)
  return (value:gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

return _M
