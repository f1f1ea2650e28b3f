--- What the service behind is told of the caller. Everything a client could have sent is cleared already.
local applications = require "kong.plugins.keycloak-principal.applications"
local uuid = require "kong.plugins.gatehouse.uuid"
local version = require "kong.plugins.gatehouse.version"

local _M = {}

--- The id that a consumer of the user's own has, whether there is one or not.
function _M.consumer_id(principal, conf)
  local id = principal.consumer_id
  if not id then
    id = uuid.v5(conf.namespace, "consumer:" .. conf.realm .. ":" .. principal.id)
    principal.consumer_id = id
  end
  return id
end

function _M.set_principal(principal, proof, conf)
  local set_header, clear_header = kong.service.request.set_header, kong.service.request.clear_header
  set_header("X-User-ID", principal.id)
  set_header("X-User-Subject", principal.id)
  set_header("X-User-Username", principal.username or principal.id)
  if principal.email and principal.email_verified then
    set_header("X-User-Email", principal.email)
  end
  set_header("X-Auth-Method", principal.method)
  set_header("X-Consumer-ID", _M.consumer_id(principal, conf))
  set_header("X-Consumer-Custom-ID", principal.id)
  set_header("X-Consumer-Username", principal.username or principal.id)
  if principal.cid then
    set_header("X-Credential-Identifier", principal.cid)
  else
    clear_header("X-Credential-Identifier")
  end
  clear_header("X-Anonymous-Consumer")
  set_header("X-Gateway-Auth", "kong")
  set_header("X-Gateway-Version", version)
  if proof then
    set_header("X-Gateway-Identity", proof)
  end
end

local OF_A_CONSUMER = {
  "X-Consumer-ID", "X-Consumer-Custom-ID", "X-Consumer-Username", "X-Credential-Identifier", "X-Anonymous-Consumer",
}

--- Where nobody is asked, nobody is named: Kong's own jwt calls whoever it does not know its anonymous consumer.
function _M.clear_consumer()
  if not kong.client.get_consumer() then
    return
  end
  for i = 1, #OF_A_CONSUMER do
    kong.service.request.clear_header(OF_A_CONSUMER[i])
  end
end

local function set_or_clear(name, value)
  if value ~= nil and value ~= ngx.null and value ~= "" then
    kong.service.request.set_header(name, value)
  else
    kong.service.request.clear_header(name)
  end
end

--- On routes of registered clients: whom key-auth or oauth2 let in, as those plugins say it. Nothing of ours: behind such
-- a route may be somebody else's service.
function _M.set_consumer(consumer, credential)
  set_or_clear("X-Consumer-ID", consumer.id)
  set_or_clear("X-Consumer-Custom-ID", consumer.custom_id)
  set_or_clear("X-Consumer-Username", consumer.username)
  set_or_clear("X-Credential-Identifier", applications.credential_id(credential))
  kong.service.request.clear_header("X-Anonymous-Consumer")
end

--- For a service of ours behind such a route. What oauth2 says beside it is not in the proof, so it would be refused.
function _M.set_proof(proof)
  kong.service.request.clear_header("X-Authenticated-Scope")
  kong.service.request.clear_header("X-Authenticated-Userid")
  kong.service.request.set_header("X-Gateway-Auth", "kong")
  kong.service.request.set_header("X-Gateway-Version", version)
  kong.service.request.set_header("X-Gateway-Identity", proof)
end

return _M
