local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"
local tokens = require "spec.support.tokens"

describe("keycloak-jwt: realm keys", function()
  local gateway, plugins

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
  end)

  local function token(kid, changes)
    return tokens.sign(tokens.claims(gateway.clock.now, changes), { kid = kid })
  end

  local function send(text)
    return gateway:send(plugins, { headers = { authorization = "Bearer " .. text } })
  end

  it("are fetched once and parsed once", function()
    for i = 1, 20 do
      assert.equal(200, send(token("kid-1", { jti = "t" .. i })).status)
    end
    assert.equal(1, #gateway.calls)
    assert.equal(1, package.loaded["resty.openssl.pkey"].parsed)
    assert.same({ 2000, 2000, 2000 }, gateway.timeouts)
    assert.is_true(gateway.calls[1].params.ssl_verify)
  end)

  it("are fetched again for a new kid, which is accepted at its first token, as the old one is", function()
    send(token("kid-1"))
    gateway:pass(6)
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    assert.equal(200, send(token("kid-2")).status)
    assert.equal(200, send(token("kid-1")).status)
    assert.equal(2, #gateway.calls)
    assert.equal(2, package.loaded["resty.openssl.pkey"].parsed)
  end)

  it("are fetched for a new kid though they were refreshed by age a moment ago", function()
    send(token("kid-1"))
    gateway:pass(57)
    send(token("kid-1"))
    gateway:run_timers()
    assert.equal(2, #gateway.calls)
    gateway.jwks = tokens.jwks("kid-1", "kid-2")
    assert.equal(200, send(token("kid-2")).status)
  end)

  it("that are withdrawn take their verified tokens with them", function()
    local old = token("kid-1")
    assert.equal(200, send(old).status)
    gateway.jwks = tokens.jwks("kid-2")
    gateway:pass(56)
    assert.equal(200, send(old).status, "a known kid does not wait")
    gateway:run_timers()
    assert.equal("unknown-kid", send(old).reason)
  end)

  it("are refreshed by the timer of a node without traffic", function()
    gateway:handler("keycloak-jwt"):init_worker()
    send(token("kid-1"))
    gateway:pass(56)
    gateway.every["gatehouse-jwks"](false)
    gateway:run_timers()
    assert.equal(2, #gateway.calls)
    gateway.every["gatehouse-jwks"](true)
    gateway:run_timers()
    assert.equal(2, #gateway.calls)
  end)

  it("go on being used while Keycloak does not answer", function()
    send(token("kid-1"))
    gateway.http[setups.JWKS_URL] = function()
      return nil, "connection refused"
    end
    for _ = 1, 30 do
      gateway:pass(60)
      assert.equal(200, send(token("kid-1")).status)
      gateway:run_timers()
    end
    local before = gateway.clock.now
    assert.equal("keys-unavailable", send(token("kid-3")).reason)
    assert.equal("keys-unavailable", send(token("kid-3")).reason)
    assert.equal(before, gateway.clock.now, "nobody waits for a Keycloak that does not answer")
  end)

  local BROKEN = {
    ["connection refused"] = function() return nil, "connection refused" end,
    ["status 500"] = function() return { status = 500, body = "" } end,
    ["no JSON"] = function() return { status = 200, body = "<html>" } end,
    ["no keys"] = function() return { status = 200, body = '{"keys":[]}' } end,
    ["keys of other kinds"] = function() return { status = 200, body = '{"keys":[{"kty":"EC","kid":"kid-1"},7,{"kty":"RSA"}]}' } end,
    ["too short a key"] = function() return { status = 200, body = '{"keys":[{"kty":"RSA","kid":"kid-1","n":"AQAB","e":"AQAB"}]}' } end,
  }
  for name, responder in pairs(BROKEN) do
    it("that were never there give 503 and not 401: " .. name, function()
      gateway.http[setups.JWKS_URL] = responder
      local answer = send(token("kid-1"))
      assert.equal(503, answer.status)
      assert.equal("/docs/problems/principal/keys-unavailable", answer.body.type)
      assert.equal("6", answer.headers["Retry-After"])
      assert.equal(503, send(token("kid-1")).status)
      assert.equal(1, #gateway.calls)
    end)
  end

  it("for encryption are not for signatures", function()
    local jwk = tokens.jwk("kid-1")
    jwk.use = "enc"
    gateway.jwks = require("cjson.safe").encode({ keys = { jwk, tokens.jwk("kid-2") } })
    assert.equal("unknown-kid", send(token("kid-1")).reason)
    assert.equal(200, send(token("kid-2")).status)
  end)

  it("replaced under the same kid are used, and the old key's tokens refused", function()
    local old = token("kid-1")
    assert.equal(200, send(old).status)
    local other = tokens.jwk("kid-2")
    other.kid = "kid-1"
    gateway.jwks = require("cjson.safe").encode({ keys = { other } })
    assert.equal(200, gateway:admin("keycloak-jwt", "/keycloak-jwt/keys/refresh", "POST").status)
    assert.equal("bad-signature", send(old).reason)
  end)

  describe("and verified tokens", function()
    local verifications

    before_each(function()
      send(token("kid-1"))
      verifications = 0
      local jwks = require("kong.plugins.keycloak-jwt.jwks").source(plugins[1][2])
      local key = jwks.keys["kid-1"].object
      local original = key.verify
      key.verify = function(...)
        verifications = verifications + 1
        return original(...)
      end
    end)

    it("are remembered", function()
      local text = token("kid-1", { jti = "x" })
      for _ = 1, 10 do
        assert.equal(200, send(text).status)
      end
      assert.equal(1, verifications)
    end)

    it("for a minute", function()
      local text = token("kid-1", { jti = "x" })
      send(text)
      gateway:pass(61)
      send(text)
      assert.equal(2, verifications)
    end)

    it("and never past exp", function()
      local text = token("kid-1", { exp = gateway.clock.now + 5 })
      assert.equal(200, send(text).status)
      gateway:pass(4.9)
      assert.equal(200, send(text).status)
      gateway:pass(0.1)
      assert.equal("expired", send(text).reason)
    end)

    it("for one set of rules alone", function()
      local text = token("kid-1", { jti = "x" })
      assert.equal(200, send(text).status)
      plugins[1] = setups.jwt(gateway, { audience = { "media-api" } })
      assert.equal("wrong-audience", send(text).reason)
    end)
  end)
end)

describe("keycloak-jwt: POST /keycloak-jwt/keys/refresh", function()
  local gateway, plugins

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
    gateway:send(plugins, { headers = { authorization = "Bearer " .. tokens.sign(tokens.claims(gateway.clock.now)) } })
  end)

  local function refresh(params)
    return gateway:admin("keycloak-jwt", "/keycloak-jwt/keys/refresh", "POST", params)
  end

  it("reads the keys at once, as often as it is called", function()
    gateway.jwks = tokens.jwks("kid-2")
    for _ = 1, 3 do
      assert.same({ status = 200, body = { refreshed = 1 } }, refresh())
    end
    assert.equal(4, #gateway.calls)
    local new = tokens.sign(tokens.claims(gateway.clock.now), { kid = "kid-2" })
    assert.equal(200, gateway:send(plugins, { headers = { authorization = "Bearer " .. new } }).status)
    assert.equal(4, #gateway.calls)
  end)

  it("tells the other nodes", function()
    refresh()
    assert.equal("gatehouse:jwks", gateway.broadcasts[1].channel)
    gateway:handler("keycloak-jwt"):init_worker()
    gateway.subscribed["gatehouse:jwks"](gateway.broadcasts[1].text)
    assert.equal(3, #gateway.calls)
  end)

  describe("with kids", function()
    local reads

    local function remembered(kid)
      kong.cache:get("jwt_secrets:" .. kid, { ttl = 60, neg_ttl = 60 }, function()
        reads = reads + 1
      end)
      return reads
    end

    before_each(function()
      reads = 0
      remembered("kid-1")
      remembered("kid-2")
    end)

    it("forgets what Kong's own jwt remembers of these, and of no other", function()
      refresh({ kids = { "kid-2", 7 } })
      assert.equal(2, remembered("kid-1"))
      assert.equal(3, remembered("kid-2"))
    end)

    it("does so on the other nodes", function()
      gateway:handler("keycloak-jwt"):init_worker()
      gateway.subscribed["gatehouse:jwks"]('{"refresh":true,"kids":["kid-2"]}')
      assert.equal(3, remembered("kid-2"))
    end)

    it("takes anything else for none", function()
      for _, kids in ipairs({ "kid-2", 7, true }) do
        assert.equal(200, refresh({ kids = kids }).status)
      end
      assert.equal(2, remembered("kid-2"))
    end)
  end)

  it("answers 503 where Keycloak does not", function()
    gateway.http[setups.JWKS_URL] = nil
    assert.equal(503, refresh().status)
  end)

  it("asks no realm any more that the configuration does not name", function()
    local handler, config = plugins[1][1], plugins[1][2]
    local gone = setups.jwt(gateway, { jwks_url = "http://kc/realms/gone/certs" })[2]
    handler:configure({ config, gone })
    assert.equal(503, refresh().status)
    handler:configure({ config, { access = "public" } })
    assert.same({ status = 200, body = { refreshed = 1 } }, refresh())
    handler:configure(nil)
    assert.same({ status = 200, body = { refreshed = 0 } }, refresh())
  end)
end)
