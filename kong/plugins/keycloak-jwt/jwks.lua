--- The realm's keys of this node: fetched by one worker, kept in the shared dict, parsed once in each worker.
--
-- A known kid never waits. An unknown one waits for a fetch, of which it may cause one per window and node, whatever
-- flood of forged kids comes; refreshing by age has no part in that budget, so it cannot use it up. While Keycloak does
-- not answer, the last known keys go on being used.
local http = require "resty.http"
local cjson = require "cjson.safe"
local keyset = require "kong.plugins.keycloak-jwt.keyset"
local once = require "kong.plugins.gatehouse.once"
local store = require "kong.plugins.gatehouse.store"

local _M = {}

local SOURCES = "jwks:sources"
--- Refreshed a little before the maximum age, for the fetch takes its time.
local EARLY_S = 5

local sources = {}

--- One JWKS address as this worker sees it.
local function new_source(url, settings)
  local prefix = "jwks:" .. url .. ":"
  return {
    url = url,
    settings = settings,
    version_key = prefix .. "version",
    body_key = prefix .. "body",
    fetched_key = prefix .. "fetched",
    flight_key = prefix .. "flight",
    refresh_key = prefix .. "refreshing",
    cache_key = "gatehouse:" .. prefix,
    look_again = 0,
    version = 0,
    keys = {},
  }
end

local function remember(url, settings)
  local dict = store.durable()
  local known = cjson.decode(dict:get(SOURCES) or "{}") or {}
  known[url] = settings
  dict:set(SOURCES, cjson.encode(known))
end

local function settings_of(conf)
  return {
    timeout = conf.jwks_timeout,
    ssl_verify = conf.ssl_verify,
    window = conf.jwks_window,
    max_age = conf.jwks_max_age,
  }
end

local function changed(settings, conf)
  return settings.timeout ~= conf.jwks_timeout
    or settings.ssl_verify ~= conf.ssl_verify
    or settings.window ~= conf.jwks_window
    or settings.max_age ~= conf.jwks_max_age
end

--- Which realms the configuration names. One that it named before is forgotten: it is asked no more, not even by a refresh,
-- which would fail for ever where that realm is gone.
-- @param configs those of all instances of the plugin, or nil
function _M.configure(configs)
  local named = {}
  for i = 1, configs and #configs or 0 do
    local conf = configs[i]
    if conf.access == "principal" and conf.jwks_url then
      named[conf.jwks_url] = settings_of(conf)
    end
  end
  for url in pairs(sources) do
    if not named[url] then
      sources[url] = nil
    end
  end
  store.durable():set(SOURCES, cjson.encode(named))
end

--- The source of a configuration; made at its first request in this worker.
function _M.source(conf)
  local source = sources[conf.jwks_url]
  if not source or changed(source.settings, conf) then
    local settings = settings_of(conf)
    if source then
      source.settings = settings
    else
      source = new_source(conf.jwks_url, settings)
      sources[conf.jwks_url] = source
    end
    remember(conf.jwks_url, settings)
  end
  return source
end

--- Takes over what any worker has fetched since.
function _M.sync(source)
  local dict = store.durable()
  local version = dict:get(source.version_key)
  if not version or version == source.version then
    return
  end
  local keys = keyset.parse(dict:get(source.body_key) or "", source.keys)
  if keys then
    source.keys, source.version = keys, version
  end
end

--- @return the keys, nil, and the text they were read from; or nil and an error
local function download(source)
  local client = http.new()
  local timeout = source.settings.timeout
  client:set_timeouts(timeout, timeout, timeout)
  local answer, err = client:request_uri(source.url, {
    method = "GET",
    headers = { Accept = "application/json" },
    ssl_verify = source.settings.ssl_verify,
    keepalive_timeout = 10000,
    keepalive_pool = 2,
  })
  if not answer then
    return nil, err
  end
  if answer.status ~= 200 then
    return nil, "status " .. answer.status
  end
  local keys, fault = keyset.parse(answer.body, source.keys)
  if not keys then
    return nil, fault
  end
  return keys, nil, answer.body
end

--- Asks Keycloak and shares what it says. @return true, or nil and an error
function _M.fetch(source)
  local dict = store.durable()
  local keys, err, body = download(source)
  if not keys then
    once("jwks", kong.log.err, "could not read ", source.url, ": ", err)
    return nil, err
  end
  dict:set(source.body_key, body)
  dict:set(source.fetched_key, ngx.now())
  source.keys, source.version = keys, dict:incr(source.version_key, 1, 0)
  return true
end

--- `n:started`, in one value so that no worker sees one without the other.
local function last_flight(source)
  local number, started = (store.durable():get(source.flight_key) or "0:0"):match("^(%d+):(.+)$")
  return tonumber(number), tonumber(started)
end

--- Run by one request of the node for all that wait. What it returns is only a sign that it is over.
local function fly(source, number)
  if last_flight(source) < number then
    store.durable():set(source.flight_key, string.format("%d:%.3f", number, ngx.now()))
    _M.fetch(source)
  end
  return "over"
end

--- For a kid that is not known: joins the flight under way, or starts one where the last began a window ago. One that
-- is over answers from the cache at once.
function _M.await(source)
  local number, started = last_flight(source)
  local window = source.settings.window
  if ngx.now() - started >= window then
    number = number + 1
  end
  local opts = { ttl = window * 2, neg_ttl = window * 2, resurrect_ttl = 0.001 }
  kong.cache:get(source.cache_key .. string.format("%d", number), opts, fly, source, number)
  _M.sync(source)
end

local function refresh(premature, source)
  if not premature then
    _M.fetch(source)
  end
end

--- Keys past their age are read again behind the requests, by one worker of the node. Looked at once a second.
function _M.refresh_if_old(source, now)
  if now < source.look_again then
    return
  end
  source.look_again = now + 1
  local dict = store.durable()
  local fetched = dict:get(source.fetched_key)
  local settings = source.settings
  if not fetched or now - fetched < math.max(settings.max_age - EARLY_S, settings.max_age / 2) then
    return
  end
  if dict:add(source.refresh_key, true, settings.window) then
    kong.timer:named_at("gatehouse-jwks-refresh", 0, refresh, source)
  end
end

--- For nodes without traffic. What other workers have used is refreshed too.
function _M.refresh_all_if_old()
  for _, source in pairs(sources) do
    _M.refresh_if_old(source, ngx.now())
  end
end

--- Reads all keys again now, because somebody says that they changed. @return how many sources, or nil and an error
function _M.refresh_now()
  local n = 0
  for url, settings in pairs(cjson.decode(store.durable():get(SOURCES) or "{}") or {}) do
    local source = sources[url] or new_source(url, settings)
    sources[url] = source
    local ok, err = _M.fetch(source)
    if not ok then
      return nil, err
    end
    n = n + 1
  end
  return n
end

return _M
