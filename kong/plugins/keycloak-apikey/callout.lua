--- Asks auth-api whose key it is.
local http = require "resty.http"
local cjson = require "cjson.safe"
local once = require "kong.plugins.gatehouse.once"
local store = require "kong.plugins.gatehouse.store"
local time = require "kong.plugins.gatehouse.time"

local _M = {}

--- After a failure the others do not wait for the same one, for this long.
local PAUSE_S = 1
local PAUSE = "callout:down"

local function list_of_texts(value)
  local list = {}
  if type(value) == "table" then
    for i = 1, #value do
      list[i] = type(value[i]) == "string" and value[i] or nil
    end
  end
  return list
end

--- Only what is needed is kept, and nothing secret: `GET /cache/{key}` of the Admin API shows it.
local function verdict_of(answer)
  local expires_at = time.parse(answer.expires_at)
  local id = answer.subject or answer.user_id
  if answer.valid ~= true or not expires_at or type(answer.key_id) ~= "string" or type(id) ~= "string" then
    return nil
  end
  return {
    key_id = answer.key_id,
    id = id,
    username = type(answer.username) == "string" and answer.username or id,
    email = type(answer.email) == "string" and answer.email or nil,
    email_verified = answer.email_verified == true,
    guest = answer.guest == true,
    roles = list_of_texts(answer.roles),
    scopes = list_of_texts(answer.scopes),
    tier = type(answer.tier) == "string" and answer.tier or nil,
    expires_at = expires_at,
  }
end

local function post(api_key, conf)
  local client = http.new()
  local timeout = conf.validation_timeout
  client:set_timeouts(timeout, timeout, timeout)
  return client:request_uri(conf.validation_url, {
    method = "POST",
    body = cjson.encode({ api_key = api_key }),
    headers = {
      ["Content-Type"] = "application/json",
      ["Accept"] = "application/json",
      ["Authorization"] = "Bearer " .. (conf.call_secret or ""),
    },
    ssl_verify = conf.ssl_verify,
    keepalive_timeout = 60000,
    keepalive_pool = 32,
  })
end

--- 401 without a reason is about our own call secret: nobody's key may be refused for that.
local function read(answer)
  local body = cjson.decode(answer.body or "")
  if type(body) ~= "table" then
    body = {}
  end
  if answer.status == 200 then
    local verdict = verdict_of(body)
    if verdict then
      return verdict
    end
  elseif answer.status == 401 and body.valid == false and type(body.reason) == "string" then
    return { refused = body.reason }
  end
  return nil, "answer " .. answer.status .. " was not understood"
end

--- @return a verdict, or { refused = reason }, or nil and an error
function _M.ask(api_key, conf)
  local volatile = store.volatile()
  if volatile:get(PAUSE) then
    return nil, "did not answer a moment ago"
  end
  local answer, err = post(api_key, conf)
  local verdict
  if answer then
    verdict, err = read(answer)
  end
  if not verdict then
    once("callout", kong.log.err, "validate API key at ", conf.validation_url, ": ", err)
    if not answer or answer.status >= 502 then
      volatile:set(PAUSE, true, PAUSE_S)
    end
  end
  return verdict, err
end

return _M
