--- One answer from what was found: a credential that fails refuses the request even beside a good one, and good ones must
-- name one person.
local failures = require "kong.plugins.gatehouse.failures"
local stock_jwt = require "kong.plugins.keycloak-principal.stock_jwt"

local _M = {}

local function sent_key(request)
  local header = request.headers["x-api-key"]
  return request.bearer_key or (header ~= nil and header ~= "")
end

--- @return a principal, or nil and a failure
function _M.of(request, conf)
  local jwt, jwt_failure = request.jwt, request.jwt_failure
  if not request.jwt_judged then
    jwt, jwt_failure = stock_jwt.judge(request, conf)
  end
  local key, key_failure = request.key, request.key_failure
  if not request.key_judged and sent_key(request) then
    key_failure = failures.not_configured
  end
  local failure = failures.gravest(jwt_failure, key_failure)
  if failure then
    return nil, failure
  end
  if jwt and key and jwt.id ~= key.id then
    return nil, failures.confused_deputy
  end
  local principal = jwt or key
  if not principal then
    return nil, failures.missing
  end
  return principal
end

return _M
