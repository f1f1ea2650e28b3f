--- Failures as values, made once: what a plugin found wrong, until keycloak-principal answers. The gravest wins.
local reasons = require "kong.plugins.gatehouse.reasons"

local _M = { jwt = {}, apikey = {} }

local function unauthenticated(method, reason, detail)
  return {
    status = 401,
    method = method,
    reason = reason,
    type = "principal/unauthenticated",
    title = "Not authenticated",
    detail = detail,
  }
end

for method, texts in pairs(reasons) do
  for reason, detail in pairs(texts) do
    _M[method][reason] = unauthenticated(method, reason, detail)
  end
end

_M.missing = _M.jwt.missing

--- Nobody could look whether the realm has this key: nobody is believed and nobody is refused for good. Who comes again
-- after the longest window of unknown kids (5 s) and the fetch that ends it finds the key, if there is one.
_M.keys_unavailable = {
  status = 503,
  method = "jwt",
  reason = "keys-unavailable",
  type = "principal/keys-unavailable",
  title = "Sign-in unavailable",
  detail = "The keys that tokens are verified with are not there yet. Try again in a few seconds.",
  retry_after = 6,
}

_M.validation_unavailable = {
  status = 503,
  method = "apikey",
  reason = "validation-unavailable",
  type = "gateway/validation-unavailable",
  title = "API keys cannot be checked",
  detail = "This API key cannot be checked at the moment. Try again in a few seconds.",
  retry_after = 5,
}

_M.too_many_unknown_keys = {
  status = 429,
  method = "apikey",
  reason = "too-many-unknown-keys",
  type = "gateway/too-many-unknown-keys",
  title = "Too many unknown API keys",
  detail = "Too many different API keys came from this address within a minute. Check the key, and try again later.",
  retry_after = 60,
}

_M.confused_deputy = {
  status = 403,
  reason = "confused-deputy",
  type = "principal/confused-deputy",
  title = "Two different callers",
  detail = "The request carries credentials of two different people. Send only one of them.",
}

_M.hourly_limit = {
  status = 429,
  reason = "hourly-limit",
  type = "gateway/hourly-limit",
  title = "Too many requests this hour",
  detail = "You have used up the requests of this hour. Try again in the next one.",
}

_M.not_configured = {
  status = 503,
  reason = "not-configured",
  type = "gateway/not-configured",
  title = "Gateway not ready",
  detail = "The gateway cannot vouch for callers at the moment. Try again later.",
  retry_after = 5,
}

--- For a reason that another system gave: one we know, else the fallback. Nothing foreign reaches a header.
function _M.apikey_reason(reason)
  return _M.apikey[reason] or _M.apikey["unknown-key"]
end

--- 503 is graver than 429 and 403, those than 401; the first among equals.
function _M.gravest(first, second)
  if not first then
    return second
  end
  if second and second.status > first.status then
    return second
  end
  return first
end

return _M
