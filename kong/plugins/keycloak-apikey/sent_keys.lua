--- The API keys of a request: the headers of `key_names`, and the bearer if it is one.
local _M = {}

local function add(found, value)
  if value == "" or value == found[1] then
    return found
  end
  if not found[1] then
    found[1] = value
  else
    found[2] = value
  end
  return found
end

--- @return a key, and another one if two different ones were sent
function _M.read(request, conf)
  local first, found = request.bearer_key, nil
  local names = conf.key_names
  for i = 1, #names do
    local value = request.headers[names[i]]
    if type(value) == "table" then
      found = found or { first }
      for j = 1, #value do
        found = add(found, value[j])
      end
      first = found[1]
    elseif value and value ~= "" and value ~= first then
      if first then
        return first, value
      end
      first = value
    end
  end
  return first, found and found[2]
end

--- The service has no use for a key: it believes the gateway.
function _M.hide(request, conf)
  local clear_header = kong.service.request.clear_header
  local names = conf.key_names
  for i = 1, #names do
    if request.headers[names[i]] ~= nil then
      clear_header(names[i])
    end
  end
  if request.bearer_key then
    clear_header("Authorization")
  end
end

return _M
