--- The realm's keys of this node: fetched by one worker, kept in the shared dict, parsed once in each worker.
--
-- A known kid never waits. An unknown one is looked for in a fetch that begins after it was asked for (a "flight"); only
-- that may call it unknown. Unknown kids share one flight in a window, whatever flood of forged ones comes, and wait for
-- the next; whoever finds no place to wait is asked to come again, when that flight will have brought the key. Refreshing
-- by age has no part in that budget, so it cannot use it up. While Keycloak does not answer, the last known keys go on
-- being used.
local http = require "resty.http"
local lrucache = require "resty.lrucache"
local cjson = require "cjson.safe"
local keyset = require "kong.plugins.keycloak-jwt.keyset"
local once = require "kong.plugins.gatehouse.once"
local store = require "kong.plugins.gatehouse.store"

local _M = {}

local SOURCES = "jwks:sources"
--- Refreshed a little before the maximum age, for the fetch takes its time.
local EARLY_S = 5
--- The window after a flight; twice as long after each that follows at once, up to `jwks_window`.
local FIRST_WINDOW_S = 1
--- After so many of the longest windows without a flight the first window counts again. With fewer, pausing would buy more
-- than one flight per longest window.
local CALM_WINDOWS = 3
--- In each worker. A request that waits holds a connection and some 20 kB; more of them are a flood.
local MOST_WAITING = 256
--- Kids that Keycloak does not have: asked for again they do not wait, so that a withdrawn key's many clients learn it.
local REMEMBERED_KIDS = 1000
local REMEMBERED_S = 60

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
    flight_key = prefix .. "last-flight",
    refresh_key = prefix .. "refreshing",
    cache_key = "gatehouse:" .. prefix,
    look_again = 0,
    version = 0,
    keys = {},
    -- The last flight whose end this worker has seen, and what came of it.
    landed = 0,
    outcome = nil,
    -- The flight that requests of this worker wait for, and how many of them.
    awaited = 0,
    waiting = 0,
    absent = assert(lrucache.new(REMEMBERED_KIDS)),
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

--- `number:started:window`, in one value so that no worker sees a part of another one.
local function last_flight(source)
  local last = store.durable():get(source.flight_key) or "0:0:0"
  local number, started, window = last:match("^(%d+):([%d.]+):([%d.]+)$")
  return tonumber(number), tonumber(started), tonumber(window)
end

local function next_window(source, since, window)
  local most = source.settings.window
  if since >= CALM_WINDOWS * most then
    return math.min(FIRST_WINDOW_S, most)
  end
  return math.min(window * 2, most)
end

--- Run by one request of the node for all that wait.
local function fly(source, number)
  local last, started, window = last_flight(source)
  if last >= number then
    return "over"
  end
  local now = ngx.now()
  window = next_window(source, now - started, window)
  store.durable():set(source.flight_key, string.format("%d:%.3f:%.3f", number, now, window))
  return _M.fetch(source) and "read" or "failed"
end

--- Starts this flight, or joins it where it is under way, and takes over what it brought.
-- @return "read" if Keycloak answered, "failed" or nil if not, "over" where the cache was emptied since
local function board(source, number)
  local ttl = source.settings.window * 2
  local opts = { ttl = ttl, neg_ttl = ttl, resurrect_ttl = 0.001 }
  local outcome = kong.cache:get(source.cache_key .. string.format("%d", number), opts, fly, source, number)
  if number >= source.landed then
    source.landed, source.outcome = number, outcome
  end
  _M.sync(source)
  return outcome
end

--- Places are counted for each flight and never given back, so that a request that is cut off cannot keep one.
local function has_place(source, number)
  if number > source.awaited then
    source.awaited, source.waiting = number, 0
  end
  source.waiting = source.waiting + 1
  if source.waiting <= MOST_WAITING then
    return true
  end
  once("jwks-flood", kong.log.warn, "very many tokens of unknown keys for ", source.url, ": some are answered 503")
  return false
end

--- Waits until the next flight may start, never longer than a window. The one under way is worth waiting for too, though
-- Keycloak may have answered it before the key was made. While Keycloak does not answer nobody waits.
-- @return whether to take the next one
local function await_next(source, kid, number, due)
  local outcome = source.outcome
  if source.landed < number then
    outcome = has_place(source, number) and board(source, number)
  end
  if source.keys[kid] or source.absent:get(kid) then
    return false
  end
  if not outcome or outcome == "failed" or not has_place(source, number + 1) then
    return false
  end
  local wait = math.min(due - ngx.now(), source.settings.window)
  if wait > 0 then
    ngx.sleep(wait)
  end
  return true
end

--- The key of a kid. Takes as long as a window where that is new.
-- @return the key; or nil, and whether Keycloak does not have it, as read after somebody asked for it
function _M.find(source, kid)
  local key = source.keys[kid]
  if key then
    return key
  end
  local number, started, window = last_flight(source)
  local due = started + window
  if (ngx.now() >= due or await_next(source, kid, number, due)) and board(source, number + 1) == "read" then
    source.absent:set(kid, true, REMEMBERED_S)
  end
  key = source.keys[kid]
  if key then
    source.absent:delete(kid)
    return key
  end
  return nil, source.absent:get(kid) == true
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
