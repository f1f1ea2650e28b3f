--- Whoever key-auth or oauth2 let in, as a principal: a service of ours believes nobody without a proof.
local text = require "kong.plugins.gatehouse.text"

local _M = {}

--- Kong hands out the same table for a consumer until it changes, so what was made of it goes with it.
local by_consumer = setmetatable({}, { __mode = "k" })

local function text_or_nil(value)
  return type(value) == "string" and value ~= "" and value or nil
end

local function child(parent, key)
  local value = parent[key]
  if not value then
    value = {}
    parent[key] = value
  end
  return value
end

local function make(consumer, credential, scope)
  local custom_id = text_or_nil(consumer.custom_id)
  return {
    kind = "application",
    id = consumer.id,
    username = text.clean(text_or_nil(consumer.username) or custom_id),
    custom_id = custom_id,
    -- A credential of its own and no session, also where oauth2 made a token of it.
    method = "apikey",
    cid = _M.credential_id(credential),
    guest = false,
    roles = {},
    scope = scope,
    -- Kong says no more of a credential than that it is good now.
    exp = math.huge,
  }
end

--- What Kong's own plugins call X-Credential-Identifier; never the key.
function _M.credential_id(credential)
  return text_or_nil(credential.client_id) or credential.id
end

function _M.of(consumer, credential, service, conf)
  local of_service = child(child(by_consumer, consumer), service)
  local id = _M.credential_id(credential)
  local principal = of_service[id]
  if not principal then
    principal = make(consumer, credential, conf.scopes and conf.scopes[service] or "")
    of_service[id] = principal
  end
  return principal
end

return _M
