local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"
local tokens = require "spec.support.tokens"

describe("keycloak-jwt: kids that are not known", function()
  local gateway, plugins, jwks, source, fetched

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
    local answer = gateway.http[setups.JWKS_URL]
    fetched = {}
    gateway.http[setups.JWKS_URL] = function(...)
      fetched[#fetched + 1] = gateway.clock.now
      return answer(...)
    end
    jwks = require "kong.plugins.keycloak-jwt.jwks"
    source = jwks.source(plugins[1][2])
    jwks.find(source, "kid-1")
    gateway:pass(100)
    fetched = {}
  end)

  local function token(kid, changes, options)
    options = options or {}
    options.kid, options.signer = kid, options.signer or "kid-1"
    return tokens.sign(tokens.claims(gateway.clock.now, changes), options)
  end

  local function send(text)
    return gateway:send(plugins, { headers = { authorization = "Bearer " .. text } })
  end

  --- @return "known", "unknown" or "unavailable", as the client is told, and after how long
  local function ask(kid)
    local since = gateway.clock.now
    jwks.sync(source)
    local key, is_absent = jwks.find(source, kid)
    return key and "known" or is_absent and "unknown" or "unavailable", gateway.clock.now - since
  end

  local function gaps()
    local list = {}
    for i = 2, #fetched do
      list[i - 1] = math.floor((fetched[i] - fetched[i - 1]) * 100 + 0.5) / 100
    end
    return list
  end

  --- Forged kids, all different, 100 a second.
  local function flood(seconds, told)
    local jobs, start = {}, gateway.clock.now
    for i = 1, seconds * 100 do
      jobs[i] = { start + i / 100, function()
        local answer, waited = ask("forged-" .. i)
        assert(waited <= 5.01, "waited " .. waited)
        told[answer] = (told[answer] or 0) + 1
      end }
    end
    return jobs
  end

  it("are looked for in windows that grow from 1 s to jwks_window", function()
    for i = 1, 7 do
      assert.equal("unknown", (ask("forged-" .. i)))
    end
    assert.same({ 1, 2, 4, 5, 5, 5 }, gaps())
  end)

  it("are looked for soon again after a calm, which cannot be used to have more fetches", function()
    for i = 1, 5 do
      ask("forged-" .. i)
    end
    gateway:pass(15.1)
    ask("forged-6")
    ask("forged-7")
    assert.same({ 1, 2, 4, 5, 15.1, 1 }, gaps())
  end)

  it("never make the longest window longer than it is configured", function()
    plugins[1] = setups.jwt(gateway, { jwks_window = 1 })
    source = jwks.source(plugins[1][2])
    for i = 1, 4 do
      ask("forged-" .. i)
    end
    assert.same({ 1, 1, 1 }, gaps())
  end)

  it("cost 12 fetches a minute in a flood, and two more at its start; nobody waits longer than a window", function()
    local told, start = {}, gateway.clock.now
    gateway:run_side_by_side(flood(120, told))
    local minutes = { 0, 0, 0 }
    for _, time in ipairs(fetched) do
      local minute = math.floor((time - start) / 60) + 1
      minutes[minute] = minutes[minute] + 1
    end
    assert.same({ 14, 12, 1 }, minutes)
    assert.is_true(told.unknown > 1000 and told.unavailable > 1000)
    assert.is_nil(told.known)
  end)

  it("find no place in a flood and are told so, with the time after which to come again", function()
    ask("forged")
    local asleep = {}
    gateway.side_by_side = true
    for i = 1, 256 do
      asleep[i] = coroutine.create(function()
        return ask("forged-" .. i)
      end)
      assert(coroutine.resume(asleep[i]))
      assert.equal("suspended", coroutine.status(asleep[i]))
    end
    gateway.side_by_side = false
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    local genuine = token("kid-2", nil, { signer = "kid-2" })
    local answer = send(genuine)
    assert.equal(503, answer.status)
    assert.equal("/docs/problems/principal/keys-unavailable", answer.body.type)
    assert.equal("6", answer.headers["Retry-After"])
    assert.is_nil(answer.headers["WWW-Authenticate"])
    assert.equal(1, #fetched)

    gateway:pass(1)
    for _, thread in ipairs(asleep) do
      local _, told = assert(coroutine.resume(thread))
      assert.equal("unknown", told)
    end
    assert.equal(2, #fetched)
    assert.equal(200, send(genuine).status)
    assert.equal(2, #fetched)
    assert.matches("very many tokens of unknown keys", table.concat(gateway.logged))
  end)

  it("are not kept from looking by those who wait and never come back", function()
    ask("forged")
    gateway.side_by_side = true
    for i = 1, 300 do
      coroutine.resume(coroutine.create(function()
        ask("forged-" .. i)
      end))
    end
    gateway.side_by_side = false
    gateway:pass(1)
    assert.equal("unknown", (ask("forged-301")))
    assert.equal("unknown", (ask("forged-302")))
    assert.equal(3, #fetched)
  end)

  it("are not called unknown where they are new and a flood of forged ones comes: known now, or at the second time", function()
    local told, genuine = {}, { known = 0, unknown = 0, unavailable = 0 }
    local jobs, start = flood(30, told), gateway.clock.now
    local retried = {}
    for i, rotated in ipairs({ 1.5, 4.2, 13.6, 20 }) do
      local kid = "kid-" .. (i + 1)
      jobs[#jobs + 1] = { start + rotated, function()
        gateway.jwks = tokens.jwks("kid-1", kid)
      end }
      for n = 1, 30 do
        jobs[#jobs + 1] = { start + rotated + n / 10 + 0.005, function()
          local answer = ask(kid)
          genuine[answer] = genuine[answer] + 1
          if answer == "unavailable" then
            ngx.sleep(5)
            retried[#retried + 1] = ask(kid)
          end
        end }
      end
    end
    gateway:run_side_by_side(jobs)
    assert.equal(0, genuine.unknown)
    assert.is_true(genuine.known > 0 and genuine.unavailable > 0)
    for _, answer in ipairs(retried) do
      assert.equal("known", answer)
    end
    assert.is_true(#fetched <= 9, #fetched .. " fetches in 35 s")
  end)

  it("are looked for once more where Keycloak answered the fetch under way before their key was made", function()
    local underway
    local answer = gateway.http[setups.JWKS_URL]
    gateway.http[setups.JWKS_URL] = function(...)
      local old = answer(...)
      if not underway then
        underway = true
        ngx.sleep(0.3)
      end
      return old
    end
    local told = {}
    local now = gateway.clock.now
    gateway:run_side_by_side({
      { now, function() told[1] = ask("forged") end },
      { now + 0.1, function() gateway.jwks = tokens.jwks("kid-1", "kid-2") end },
      { now + 0.2, function() told[2] = ask("kid-2") end },
      { now + 0.4, function() told[3] = ask("kid-2") end },
    })
    assert.same({ "unknown", "known", "known" }, told)
    assert.equal(2, #fetched)
  end)

  it("wait once: the next token of a withdrawn key is refused at once", function()
    ask("forged")
    local told, waits = {}, {}
    local jobs = {}
    for i = 1, 1000 do
      jobs[i] = { gateway.clock.now + i / 100, function()
        told[i], waits[i] = ask("withdrawn")
      end }
    end
    gateway:run_side_by_side(jobs)
    for i = 1, 1000 do
      assert.equal("unknown", told[i])
      assert.is_true(i < 100 or waits[i] == 0, i .. " waited " .. waits[i])
    end
  end)

  it("are known again when their key comes back, with the next fetch", function()
    assert.equal("unknown", (ask("kid-2")))
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    gateway:pass(1)
    assert.equal("known", (ask("kid-2")))
    gateway.jwks = tokens.jwks("kid-1")
    jwks.refresh_now()
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    assert.equal("known", (ask("kid-2")))
  end)

  it("are looked for though POST /config emptied the cache meanwhile", function()
    ask("forged")
    kong.cache:purge()
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    assert.equal("known", (ask("kid-2")))
    assert.equal(2, #fetched)
  end)

  it("are not fetched for more often because POST /config empties the cache", function()
    for i = 1, 5 do
      kong.cache:purge()
      ask("forged-" .. i)
    end
    assert.same({ 1, 2, 4, 5 }, gaps())
  end)

  it("do not wait longer than a window though the clock was set back", function()
    ask("forged-1")
    gateway:pass(-3600)
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    local answer, waited = ask("kid-2")
    assert.equal("known", answer)
    assert.is_true(waited <= 5)
  end)

  it("of tokens that expire while they wait give no access", function()
    ask("forged")
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    local text = token("kid-2", { exp = gateway.clock.now + 0.5 }, { signer = "kid-2" })
    assert.equal("expired", send(text).reason)
  end)

  local HOPELESS = {
    { "expired", { exp = 1600000000 } },
    { "wrong-issuer", { iss = "http://kc/realms/other" } },
    { "wrong-audience", { aud = "media" } },
    { "wrong-party", { azp = "admin-cli" } },
    { "missing-claim", { sub = "NONE" } },
    { "bad-signature", {}, { sign = function() return "" end } },
    { "bad-signature", {}, { sign = function() return ("s"):rep(255) end } },
  }
  for _, case in ipairs(HOPELESS) do
    it("are not looked for where the token is refused anyway: " .. case[1], function()
      assert.equal(case[1], send(token("kid-2", case[2], case[3])).reason)
      assert.same({}, fetched)
    end)
  end
end)
