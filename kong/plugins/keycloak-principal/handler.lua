--- Ends the question who is calling (DESIGN.md 2): one principal, or a problem with the reason. Global and closed: a route
-- that says nothing is protected.
local applications = require "kong.plugins.keycloak-principal.applications"
local blocked_feed = require "kong.plugins.keycloak-principal.blocked_feed"
local failures = require "kong.plugins.gatehouse.failures"
local identity = require "kong.plugins.keycloak-principal.identity"
local limits = require "kong.plugins.keycloak-principal.limits"
local metrics = require "kong.plugins.gatehouse.metrics"
local problem = require "kong.plugins.gatehouse.problem"
local request_state = require "kong.plugins.gatehouse.request"
local store = require "kong.plugins.gatehouse.store"
local tiers = require "kong.plugins.keycloak-principal.tiers"
local upstream_headers = require "kong.plugins.keycloak-principal.upstream_headers"
local usage = require "kong.plugins.keycloak-principal.usage"
local verdict = require "kong.plugins.keycloak-principal.verdict"

local KeycloakPrincipal = {
  VERSION = require "kong.plugins.gatehouse.version",
  PRIORITY = 1001,
}

function KeycloakPrincipal:init_worker()
  store.boot_id()
  metrics.init()
  blocked_feed.subscribe()
  usage.start()
end

--- Before any plugin of the access phase, on every route: a client's identity headers are gone before anybody could
-- believe them, and those that Kong's own plugins set later are not touched.
function KeycloakPrincipal:rewrite()
  request_state.start()
end

local function refuse(request, failure, conf, retry_after)
  request.refused = failure
  return problem.exit(failure, conf.realm, retry_after)
end

local function not_configured(request, conf)
  kong.log.err("identity_secret is not set, or shorter than 32 characters")
  return refuse(request, failures.not_configured, conf)
end

--- A route of registered clients: whoever key-auth or oauth2 let in. A service of ours is given a proof of that; where
-- there is no secret to sign with, the service is a third party's.
local function enter_consumer(request, conf)
  local consumer, credential = kong.client.get_consumer(), kong.client.get_credential()
  if not consumer or not credential then
    return refuse(request, failures.missing, conf)
  end
  upstream_headers.set_consumer(consumer, credential)
  local service = kong.router.get_service()
  if not conf.identity_secret or not service then
    return
  end
  local application = applications.of(consumer, credential, service.name, conf)
  local proof = identity.proof(application, service.name, conf, ngx.now())
  if not proof then
    return not_configured(request, conf)
  end
  return upstream_headers.set_proof(proof)
end

local function enter_principal(request, conf)
  request_state.read_authorization(request)
  local principal, failure = verdict.of(request, conf)
  local now = ngx.now()
  request.decided = now
  if not principal then
    return refuse(request, failure, conf)
  end
  request.principal = principal
  local service = kong.router.get_service()
  local audience = service and service.name
  local lacking = audience and limits.missing_scope(principal, audience, conf)
  if lacking then
    return refuse(request, lacking, conf)
  end
  local wait = limits.wait_for_next_hour(principal, conf)
  if wait then
    return refuse(request, limits.hourly, conf, wait)
  end
  local proof = audience and identity.proof(principal, audience, conf, now)
  if audience and not proof then
    return not_configured(request, conf)
  end
  tiers.enter(principal, conf)
  return upstream_headers.set_principal(principal, proof, conf)
end

function KeycloakPrincipal:access(conf)
  local request = request_state.start()
  if conf.access == "public" then
    return upstream_headers.clear_consumer()
  end
  if request_state.is_preflight(conf) then
    return
  end
  if conf.access == "consumer" then
    return enter_consumer(request, conf)
  end
  return enter_principal(request, conf)
end

function KeycloakPrincipal:log(conf)
  local request = kong.ctx.shared.gatehouse
  if not request or not (request.principal or request.refused) then
    return
  end
  metrics.observe(request)
  usage.count(request, conf)
end

return KeycloakPrincipal
