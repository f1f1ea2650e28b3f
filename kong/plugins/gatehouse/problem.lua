--- Answers a failure as a problem (RFC 9457) with the challenge of RFC 6750, as the services do.
local cjson = require "cjson.safe"

local _M = {}

local TYPE_BASE = "/docs/problems/"

local function request_id()
  return ngx.var.kong_request_id or ngx.var.request_id or "unknown"
end

--- RFC 6750 §3.1: no error code for a request that carries no authentication at all.
local function challenge(failure, realm)
  local start = 'Bearer realm="' .. realm .. '"'
  if failure.status == 401 then
    if failure.reason == "missing" then
      return start
    end
    return start .. ', error="invalid_token", error_description="' .. failure.detail .. '"'
  end
  if failure.scopes then
    return start .. ', error="insufficient_scope", scope="' .. table.concat(failure.scopes, " ") .. '"'
  end
end

--- What OpenAI's client libraries read of a failure: the gateway refuses in the name of llm-api as well.
local function openai_error(failure)
  local kind = failure.status == 429 and "rate_limit_error"
    or failure.status >= 500 and "server_error"
    or failure.status == 401 and "authentication_error"
    or failure.status == 403 and "permission_error"
    or "invalid_request_error"
  local code = failure.reason or failure.type:match("[^/]+$")
  return { message = failure.detail, type = kind, param = cjson.null, code = (code:gsub("-", "_")) }
end

--- Ends the request. `retry_after` wins over the failure's own.
function _M.exit(failure, realm, retry_after)
  retry_after = retry_after or failure.retry_after
  local body = cjson.encode({
    type = TYPE_BASE .. failure.type,
    title = failure.title,
    status = failure.status,
    detail = failure.detail,
    reason = failure.reason,
    scopes = failure.scopes,
    request_id = request_id(),
    error = openai_error(failure),
  })
  return kong.response.exit(failure.status, body, {
    ["Content-Type"] = "application/problem+json; charset=utf-8",
    ["Cache-Control"] = "no-store",
    ["WWW-Authenticate"] = challenge(failure, realm or "jan"),
    ["Retry-After"] = retry_after and string.format("%d", retry_after) or nil,
  })
end

return _M
