--- Drop-in for Kong's own `jwt` for the tokens of one Keycloak realm (DESIGN.md 2). It finds out who is calling, or why
-- not; keycloak-principal answers.
local blocked = require "kong.plugins.gatehouse.blocked"
local cluster = require "kong.plugins.gatehouse.cluster"
local consumers = require "kong.plugins.gatehouse.consumers"
local failures = require "kong.plugins.gatehouse.failures"
local jwks = require "kong.plugins.keycloak-jwt.jwks"
local problem = require "kong.plugins.gatehouse.problem"
local request_state = require "kong.plugins.gatehouse.request"
local stock_credentials = require "kong.plugins.keycloak-jwt.stock_credentials"
local store = require "kong.plugins.gatehouse.store"
local verifier = require "kong.plugins.keycloak-jwt.verifier"

local KeycloakJwt = {
  VERSION = require "kong.plugins.gatehouse.version",
  PRIORITY = 1450,
}

function KeycloakJwt:init_worker()
  store.boot_id()
  kong.timer:named_every("gatehouse-jwks", 5, function(premature)
    if not premature then
      jwks.refresh_all_if_old()
    end
  end)
  cluster.subscribe("gatehouse:jwks", function(message)
    stock_credentials.forget(message.kids)
    jwks.refresh_now()
  end)
end

--- In every worker, at the start and whenever an instance of the plugin changes. An error here would stop Kong's own work.
function KeycloakJwt:configure(configs)
  local ok, err = pcall(jwks.configure, configs)
  if not ok then
    kong.log.err("realm keys: ", err)
  end
end

--- @return a principal, a failure, or neither where no token was sent
local function judge(request, conf)
  if request.malformed then
    return nil, failures.jwt.malformed
  end
  if not request.token then
    return nil
  end
  local principal, failure = verifier.verify(request.token, conf)
  if not principal then
    return nil, failure
  end
  local reason = blocked.reason(principal.id)
  if reason then
    return nil, failures.jwt[reason]
  end
  return principal
end

function KeycloakJwt:access(conf)
  local request = request_state.start()
  if conf.access ~= "principal" or request_state.is_preflight(conf) then
    return
  end
  request_state.read_authorization(request)
  local principal, failure = judge(request, conf)
  request.jwt_judged, request.jwt, request.jwt_failure = true, principal, failure
  if principal then
    kong.ctx.shared.authenticated_jwt_token = request.token
    return kong.client.authenticate(nil, principal.credential)
  end
  kong.ctx.shared.authenticated_jwt_token = nil
  if not conf.anonymous or conf.anonymous == "" then
    return problem.exit(failure or failures.missing)
  end
  consumers.set_anonymous(conf.anonymous)
end

return KeycloakJwt
