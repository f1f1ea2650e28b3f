--- Counters in Kong's own Prometheus exporter, which puts `kong_` before each name. Without it nothing is counted.
local _M = {}

local BUCKETS_MS = { 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 5000 }

local collectors

--- In init_worker, once for each worker.
function _M.init()
  if collectors then
    return
  end
  collectors = {}
  local loaded, exporter = pcall(require, "kong.plugins.prometheus.exporter")
  local prometheus = loaded and exporter.get_prometheus()
  if not prometheus then
    kong.log.notice("no Prometheus exporter: authentication is not counted")
    return
  end
  local function counter(name, help, labels)
    collectors[name] = prometheus:counter(name, help, labels)
  end
  counter("auth_jwt_success_total", "Requests let in with an access token")
  counter("auth_jwt_failures_total", "Access tokens refused, by reason", { "reason" })
  counter("auth_apikey_success_total", "Requests let in with an API key")
  counter("auth_apikey_failures_total", "API keys refused, by reason", { "reason" })
  counter("auth_missing_total", "Requests without a credential, refused")
  counter("auth_confused_deputy_total", "Requests with good credentials of two people, refused")
  counter("auth_refused_total", "Requests that the gateway refused, by route and reason", { "route", "reason" })
  collectors.latency =
    prometheus:histogram("auth_latency_ms", "Time from the first of our plugins to the verdict", nil, BUCKETS_MS)
end

local function count(name, labels)
  local collector = collectors and collectors[name]
  if collector then
    collector:inc(1, labels)
  end
end

local SUCCESS = { jwt = "auth_jwt_success_total", apikey = "auth_apikey_success_total" }
local FAILURE = { jwt = "auth_jwt_failures_total", apikey = "auth_apikey_failures_total" }
local labels_of = {}

local function labelled(reason)
  local labels = labels_of[reason]
  if not labels then
    labels = { reason }
    labels_of[reason] = labels
  end
  return labels
end

--- Names of routes and reasons are lists of ours: never a client's text.
local function count_refusal(reason)
  local route = kong.router.get_route()
  count("auth_refused_total", { route and route.name or "none", reason })
end

--- In the log phase: one request, let in or refused.
function _M.observe(request)
  if not collectors then
    return
  end
  local refused = request.refused
  if refused then
    count_refusal(refused.reason)
  end
  if not refused then
    count(SUCCESS[request.principal.method])
  elseif refused.reason == "missing" then
    count("auth_missing_total")
  elseif refused.reason == "confused-deputy" then
    count("auth_confused_deputy_total")
  elseif refused.method then
    count(FAILURE[refused.method], labelled(refused.reason))
  elseif request.principal then
    count(SUCCESS[request.principal.method])
  end
  if collectors.latency and request.decided then
    collectors.latency:observe((request.decided - request.started) * 1000)
  end
end

return _M
