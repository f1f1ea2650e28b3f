--- What our plugins know of the request under way: one table in `kong.ctx.shared`, made by whichever of them runs first.
-- Making it clears the identity headers, so no plugin of ours can run before that is done.
--
-- jwt, key      a principal, once verified          jwt_failure, key_failure   why not, if one was sent
-- jwt_judged, key_judged   the plugin has looked    principal, refused         the outcome, for log
local identity_headers = require "kong.plugins.gatehouse.identity_headers"

local _M = {}

local MAX_TOKEN_LENGTH = 8192

--- In the rewrite phase, which every request reaches whatever its route, and only global plugins see.
function _M.start()
  local shared = kong.ctx.shared
  local request = shared.gatehouse
  if not request then
    local headers = ngx.req.get_headers(0)
    request = { headers = headers, started = ngx.now() }
    shared.gatehouse = request
    identity_headers.clear(headers)
  end
  return request
end

--- `sk_…`, or another prefix such as `acme_test_`. No JWT looks like it: its header starts with `eyJ`.
local function looks_like_key(text)
  if text:sub(1, 3) == "sk_" then
    return true
  end
  local first, second = text:match("^(%l+)_(%l+)_")
  return first ~= nil and #first >= 2 and #first <= 8 and #second >= 2 and #second <= 8
end

--- Reads the Authorization header once: `token` or `bearer_key`, and `malformed` where it is not one bearer token. Any
-- scheme but Bearer counts as no credential.
function _M.read_authorization(request)
  if request.authorization_read then
    return
  end
  request.authorization_read = true
  local value = request.headers["authorization"]
  if value == nil then
    return
  end
  if type(value) ~= "string" then
    request.malformed = true
    return
  end
  if value:sub(1, 6):lower() ~= "bearer" then
    return
  end
  local text = value:match("^ +(.*)$", 7)
  if not text then
    if #value > 6 then
      return
    end
    text = ""
  end
  if looks_like_key(text) then
    request.bearer_key = text
    return
  end
  request.token = text
  request.malformed = text == "" or #text > MAX_TOKEN_LENGTH
end

--- Preflight requests carry no credentials, by the specification of CORS.
function _M.is_preflight(conf)
  return not conf.run_on_preflight and kong.request.get_method() == "OPTIONS"
end

return _M
