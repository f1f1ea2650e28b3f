--- Headers that say who is calling. Only the gateway may send them, so a client's are cleared, in every spelling:
-- nginx lets `X_User_Id` through beside `X-User-ID`, and Kong clears nothing on routes without an auth plugin.
-- The families are those of libs/principal/src/identity-headers.ts.
local _M = {}

local X, HYPHEN, UNDERSCORE = 120, 45, 95

local FAMILIES = { ["x-user-"] = true, ["x-consumer-"] = true, ["x-gateway-"] = true, ["x-authenticated-"] = true }
local SINGLE = {
  ["x-credential-identifier"] = true,
  ["x-anonymous-consumer"] = true,
  ["x-auth-method"] = true,
  ["x-principal-id"] = true,
}

--- What nearly every client sends, so that nothing is looked for in it.
local USUAL = { ["keep-alive"] = true, ["close"] = true, ["Upgrade"] = true, ["upgrade"] = true, ["Keep-Alive"] = true }

--- @param name in lower case, as ngx.req.get_headers gives it
function _M.is_identity(name)
  local second = name:byte(2)
  if name:byte(1) ~= X or not (second == HYPHEN or second == UNDERSCORE) then
    return false
  end
  local normal = name:gsub("_", "-")
  if SINGLE[normal] then
    return true
  end
  local family = normal:match("^x%-%a+%-")
  return family ~= nil and FAMILIES[family] == true
end

--- Names seen before, for most requests send the same ones; thrown away when somebody sends too many.
local MOST_KNOWN = 500
local known, size = {}, 0

local function is_known_identity(name)
  local answer = known[name]
  if answer == nil then
    if size >= MOST_KNOWN then
      known, size = {}, 0
    end
    answer = _M.is_identity(name)
    known[name], size = answer, size + 1
  end
  return answer
end

--- Kong removes, after all plugins, whatever `Connection` names (RFC 9110 section 7.6.1): a client that names our headers
-- there would take away what we say of him. So these names are taken out of it.
local function keep_what_is_ours(connection)
  local kept = {}
  for option in (type(connection) == "table" and table.concat(connection, ",") or connection):gmatch("[^,%s]+") do
    if not is_known_identity(option:lower()) then
      kept[#kept + 1] = option
    end
  end
  if #kept > 0 then
    kong.service.request.set_header("Connection", table.concat(kept, ", "))
  else
    kong.service.request.clear_header("Connection")
  end
end

--- Clears what a client sent; `headers` must hold all headers, not Kong's first hundred.
function _M.clear(headers)
  local clear_header = kong.service.request.clear_header
  for name in pairs(headers) do
    if is_known_identity(name) then
      clear_header(name)
    end
  end
  local connection = headers["connection"]
  if connection and not USUAL[connection] then
    keep_what_is_ours(connection)
  end
end

return _M
