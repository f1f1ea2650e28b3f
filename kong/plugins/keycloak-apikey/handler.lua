--- API keys of people (DESIGN.md 2): from `X-API-Key` or `Authorization: Bearer sk_…`, judged by auth-api, remembered by
-- the node. It finds out whose key it is, or why not; keycloak-principal answers.
local blocked = require "kong.plugins.gatehouse.blocked"
local consumers = require "kong.plugins.gatehouse.consumers"
local failures = require "kong.plugins.gatehouse.failures"
local invalidation = require "kong.plugins.keycloak-apikey.invalidation"
local key_format = require "kong.plugins.keycloak-apikey.key_format"
local principals = require "kong.plugins.keycloak-apikey.principals"
local problem = require "kong.plugins.gatehouse.problem"
local request_state = require "kong.plugins.gatehouse.request"
local sent_keys = require "kong.plugins.keycloak-apikey.sent_keys"
local store = require "kong.plugins.gatehouse.store"
local text = require "kong.plugins.gatehouse.text"
local validation = require "kong.plugins.keycloak-apikey.validation"

local KeycloakApikey = {
  VERSION = require "kong.plugins.gatehouse.version",
  PRIORITY = 1002,
}

function KeycloakApikey:init_worker()
  store.boot_id()
  invalidation.subscribe()
end

--- @return a principal, a failure, or neither where no key was sent
local function judge(request, conf)
  local key, another = sent_keys.read(request, conf)
  if not key then
    return nil
  end
  if another then
    return nil, failures.apikey["two-keys"]
  end
  local sha, reason = key_format.parse(key, conf.key_prefix)
  if not sha then
    return nil, failures.apikey[reason]
  end
  local verdict, failure = validation.verdict(sha, key, conf, kong.request.get_forwarded_ip() or "unknown")
  if not verdict then
    return nil, failure
  end
  if not text.is_subject(verdict.id) then
    return nil, failures.validation_unavailable
  end
  local why = blocked.reason(verdict.id)
  if why then
    return nil, failures.apikey[why]
  end
  return principals.of(sha, verdict)
end

function KeycloakApikey:access(conf)
  local request = request_state.start()
  if conf.access ~= "principal" or request_state.is_preflight(conf) then
    return
  end
  request_state.read_authorization(request)
  local principal, failure = judge(request, conf)
  request.key_judged, request.key, request.key_failure = true, principal, failure
  if conf.hide_credentials then
    sent_keys.hide(request, conf)
  end
  if principal then
    -- Whoever Kong let in before stays: keycloak-principal compares them.
    if not kong.client.get_credential() then
      kong.client.authenticate(nil, principal.credential)
    end
    return
  end
  if conf.anonymous and conf.anonymous ~= "" and consumers.set_anonymous(conf.anonymous) then
    return
  end
  if failure or not kong.client.get_credential() then
    return problem.exit(failure or failures.missing)
  end
end

return KeycloakApikey
