--- Runs our plugins in the phases of nginx. `PORT` of the backend comes from the configuration.
local shim = require "spec.nginx.kong"

local _M = {}

local plugins, public

local RULES = { issuer = "http://kc/realms/jan", audience = { "llm-api" }, accepted_parties = { "llm-api" } }

local function with(more)
  for name, value in pairs(RULES) do
    more[name] = value
  end
  more.access, more.run_on_preflight, more.ssl_verify = "principal", false, false
  return more
end

function _M.init(backend_port)
  local backend = "http://127.0.0.1:" .. backend_port
  shim.install()
  _G.kong = shim.new()
  local function handler(name)
    return require("kong.plugins." .. name .. ".handler")
  end
  plugins = {
    { handler("keycloak-jwt"), with({
      jwks_url = backend .. "/certs",
      jwks_timeout = 2000, jwks_window = 1, jwks_max_age = 60,
      token_cache_ttl = 60, maximum_lifetime = 3600, clock_skew = 60, anonymous = "kong-anon-jwt",
    }) },
    { handler("keycloak-apikey"), with({
      validation_url = backend .. "/validate",
      validation_timeout = 2000, call_secret = "call-secret", key_prefix = "sk_live_", key_names = { "X-API-Key" },
      hide_credentials = true, ttl = 60, neg_ttl = 1, stale_ttl = 0, unknown_per_minute = 1000, anonymous = "kong-anon-key",
    }) },
    { handler("keycloak-principal"), with({
      realm = "jan", identity_secret = "0123456789abcdef0123456789abcdef", identity_ttl = 60, identity_cache = 5,
      tiers = { guest = "tier-guest", registered = "tier-registered", key = "tier-key" }, scopes = {},
      usage_url = backend .. "/usage", usage_interval = 1, call_secret = "call-secret", hourly_limit = 100000,
      namespace = "8f2c1d5e-6b3a-5c47-9e10-3d7a54b9c0e2",
      maximum_lifetime = 3600, clock_skew = 60,
    }) },
  }
  public = { access = "public" }
end

function _M.init_worker()
  for _, plugin in ipairs(plugins) do
    if plugin[1].init_worker then
      plugin[1]:init_worker()
    end
  end
end

local function config(plugin)
  return ngx.var.access == "public" and public or plugin[2]
end

function _M.rewrite()
  plugins[3][1]:rewrite(config(plugins[3]))
end

function _M.access()
  for _, plugin in ipairs(plugins) do
    plugin[1]:access(config(plugin))
  end
end

function _M.log()
  plugins[3][1]:log(config(plugins[3]))
end

--- POST /admin/<plugin><route>; the parameters are the JSON body.
function _M.admin()
  ngx.req.read_body()
  local call = require("cjson").decode(ngx.req.get_body_data())
  local routes = require("kong.plugins." .. call.plugin .. ".api")
  return routes[call.route][call.method]({ params = call.params or {} })
end

--- What only a real ngx_lua can show of its API.
function _M.probe()
  ngx.req.read_body()
  local key_format = require "kong.plugins.keycloak-apikey.key_format"
  local sums = {}
  for i, body in ipairs(require("cjson").decode(ngx.req.get_body_data())) do
    sums[i] = key_format.checksum(body)
  end
  ngx.print(require("cjson").encode(sums))
end

return _M
