--- What a principal may do on this route and in this hour.
local failures = require "kong.plugins.gatehouse.failures"
local store = require "kong.plugins.gatehouse.store"

local _M = {}

local HOUR_S = 3600
local READING = { GET = true, HEAD = true, OPTIONS = true }

local lacking = {}

local function insufficient(scope)
  local failure = lacking[scope]
  if not failure then
    failure = {
      status = 403,
      reason = "insufficient-scope",
      type = "principal/insufficient-scope",
      title = "Scope needed",
      detail = "The API key lacks the scope " .. scope .. ". Use a key that has it, or sign in.",
      scopes = { scope },
    }
    lacking[scope] = failure
  end
  return failure
end

--- A session has all scopes, a key those it was given. The full scope includes reading. @return a failure, or nil
function _M.missing_scope(principal, service, conf)
  local held = principal.scopes
  local scope = held and conf.scopes and conf.scopes[service]
  if not scope or held[scope] then
    return nil
  end
  if not READING[kong.request.get_method()] then
    return insufficient(scope)
  end
  local reading = scope .. ":read"
  if held[reading] then
    return nil
  end
  return insufficient(reading)
end

--- One counter in the shared dict for each principal and hour. @return the seconds to wait, or nil
function _M.wait_for_next_hour(principal, conf)
  if conf.hourly_limit == 0 then
    return nil
  end
  local now = ngx.time()
  local hour = math.floor(now / HOUR_S)
  if principal.hour ~= hour then
    principal.hour = hour
    principal.hour_key = principal.id .. string.format(":%d", hour)
  end
  local used = store.volatile():incr(principal.hour_key, 1, 0, HOUR_S)
  if used and used > conf.hourly_limit then
    return (hour + 1) * HOUR_S - now
  end
end

_M.hourly = failures.hourly_limit

return _M
