local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"

describe("keycloak-apikey: a key", function()
  local gateway, plugins, key

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
    key = setups.key("a")
    gateway.keys[key] = setups.valid()
  end)

  local function send(headers, more)
    local request = more or {}
    request.headers = headers
    return gateway:send(plugins, request)
  end

  it("is accepted in X-API-Key, and hidden", function()
    local answer = send({ ["x-api-key"] = key })
    assert.equal(200, answer.status)
    assert.equal("apikey", answer.upstream["x-auth-method"])
    assert.is_nil(answer.upstream["x-api-key"])
    assert.equal("22222222-2222-4222-8222-222222222222", answer.upstream["x-credential-identifier"])
  end)

  it("is accepted as bearer, and hidden", function()
    local answer = send({ authorization = "Bearer " .. key })
    assert.equal(200, answer.status)
    assert.is_nil(answer.upstream.authorization)
  end)

  it("is accepted in both places at once", function()
    assert.equal(200, send({ authorization = "Bearer " .. key, ["x-api-key"] = key }).status)
    assert.equal(200, send({ ["x-api-key"] = { key, key } }).status)
  end)

  it("is not hidden where so configured", function()
    plugins = setups.all(gateway, { apikey = { hide_credentials = false } })
    assert.equal(key, send({ ["x-api-key"] = key }).upstream["x-api-key"])
  end)

  it("is found under other names", function()
    plugins = setups.all(gateway, { apikey = { key_names = { "X-API-Key", "X-Other-Key" } } })
    local answer = send({ ["x-other-key"] = key })
    assert.equal(200, answer.status)
    assert.is_nil(answer.upstream["x-other-key"])
    assert.equal("two-keys", send({ ["x-other-key"] = key, ["x-api-key"] = setups.key("b") }).reason)
  end)

  it("of another prefix is a key too", function()
    plugins = setups.all(gateway, { apikey = { key_prefix = "acme_test_" } })
    local other = setups.key("a", "acme_test_")
    gateway.keys[other] = setups.valid()
    assert.equal(200, send({ authorization = "Bearer " .. other }).status)
    assert.equal("malformed", send({ authorization = "Bearer " .. key }).reason)
  end)

  it("does not count when it is empty", function()
    assert.equal("missing", send({ ["x-api-key"] = "" }).reason)
  end)

  local function changed(place, to)
    return function()
      return key:sub(1, place - 1) .. to .. key:sub(place + 1)
    end
  end

  local FORGED = {
    { "malformed", "another prefix", function() return setups.key("a", "sk_test_") end },
    { "malformed", "a character missing", function() return key:sub(1, -2) end },
    { "malformed", "a character more", function() return key .. "x" end },
    { "malformed", "a blank inside", changed(20, " ") },
    { "malformed", "an underscore inside", changed(20, "_") },
    { "malformed", "a character of another alphabet", changed(20, "\195") },
    { "malformed", "a line break at the end", changed(46, "\n") },
    { "malformed", "nothing but the prefix", function() return "sk_live_" end },
    { "malformed", "something else", function() return "hello" end },
    { "malformed", "very much", function() return ("sk_live_"):rep(1000) end },
    { "bad-checksum", "a wrong last digit", function() return key:sub(1, -2) .. (key:sub(-1) == "0" and "1" or "0") end },
    { "bad-checksum", "zeros as checksum", function() return key:sub(1, -7) .. "zzzzzz" end },
  }
  for place = 9, 40, 3 do
    FORGED[#FORGED + 1] = { "bad-checksum", "character " .. place .. " changed", function()
      return changed(place, key:sub(place, place) == "Q" and "R" or "Q")()
    end }
  end
  for _, case in ipairs(FORGED) do
    it("with " .. case[2] .. " is refused without a call", function()
      local answer = send({ ["x-api-key"] = case[3]() })
      assert.equal(401, answer.status)
      assert.equal(case[1], answer.reason)
      assert.equal(0, #gateway.calls)
    end)
  end

  for _, reason in ipairs({ "unknown-key", "revoked", "expired", "user-disabled", "user-deleted" }) do
    it("is refused with the reason of auth-api: " .. reason, function()
      gateway.keys[key] = { valid = false, reason = reason }
      local answer = send({ ["x-api-key"] = key })
      assert.equal(401, answer.status)
      assert.equal(reason, answer.reason)
      assert.matches('error="invalid_token"', answer.headers["WWW-Authenticate"])
    end)
  end

  it("is refused for a reason that we do not know, in our own words", function()
    gateway.keys[key] = { valid = false, reason = 'x"\r\nSet-Cookie: a' }
    assert.equal("unknown-key", send({ ["x-api-key"] = key }).reason)
  end)

  it("is one of two different ones: refused", function()
    local other = setups.key("b")
    gateway.keys[other] = setups.valid()
    assert.equal("two-keys", send({ ["x-api-key"] = key, authorization = "Bearer " .. other }).reason)
    assert.equal("two-keys", send({ ["x-api-key"] = { key, other } }).reason)
    assert.equal("two-keys", send({ ["x-api-key"] = { key, key, other }, authorization = "Bearer " .. key }).reason)
    assert.equal(0, #gateway.calls)
  end)

  it("is asked about with the call secret and nothing of the client", function()
    send({ ["x-api-key"] = key, cookie = "a=b" })
    local call = gateway.calls[1]
    assert.equal(setups.VALIDATION_URL, call.url)
    assert.equal("POST", call.params.method)
    assert.equal("Bearer call-secret-call-secret", call.params.headers.Authorization)
    assert.equal('{"api_key":"' .. key .. '"}', call.params.body)
    assert.same({ 5000, 5000, 5000 }, gateway.timeouts)
  end)

  local BROKEN = {
    ["connection refused"] = function() return nil, "connection refused" end,
    ["timeout"] = function() return nil, "timeout" end,
    ["500"] = function() return { status = 500, body = "" } end,
    ["503"] = function() return { status = 503, body = "{}" } end,
    ["our secret refused"] = function() return { status = 401, body = '{"type":"/docs/problems/api-keys/gateway-only"}' } end,
    ["429"] = function() return { status = 429, body = "{}" } end,
    ["404"] = function() return { status = 404, body = "not found" } end,
    ["200 without a verdict"] = function() return { status = 200, body = "{}" } end,
    ["200 of no JSON"] = function() return { status = 200, body = "<html>" } end,
    ["200 without an owner"] = function() return { status = 200, body = '{"valid":true,"key_id":"k","expires_at":"2030-01-01T00:00:00Z"}' } end,
    ["200 without an expiry"] = function() return { status = 200, body = '{"valid":true,"key_id":"k","subject":"s"}' } end,
    ["an owner that no header may hold"] = function()
      return { status = 200, body = '{"valid":true,"key_id":"k","subject":"a b","expires_at":"2030-01-01T00:00:00Z"}' }
    end,
    ["200 with a false verdict"] = function()
      return { status = 200, body = '{"valid":false,"key_id":"k","subject":"s","expires_at":"2030-01-01T00:00:00Z"}' }
    end,
  }
  for name, responder in pairs(BROKEN) do
    it("that cannot be checked gives 503, never a yes and never 500: " .. name, function()
      gateway.http[setups.VALIDATION_URL] = responder
      local answer = send({ ["x-api-key"] = key })
      assert.equal(503, answer.status)
      assert.equal("/docs/problems/gateway/validation-unavailable", answer.body.type)
      assert.equal("5", answer.headers["Retry-After"])
    end)
  end

  it("of a blocked person is refused, though it is cached", function()
    assert.equal(200, send({ ["x-api-key"] = key }).status)
    gateway:admin("keycloak-principal", "/keycloak-principal/blocked/:subject", "PUT", { subject = setups.valid().subject })
    assert.equal("user-disabled", send({ ["x-api-key"] = key }).reason)
  end)

  it("does not take the place of whom key-auth let in on a route of registered clients", function()
    local principal = setups.principal(gateway, { access = "consumer" })
    local key_auth = { { access = function()
      kong.client.authenticate({ id = "c1", username = "client" }, { id = "cred-1" })
    end }, {} }
    plugins = { key_auth, setups.apikey(gateway), principal }
    local answer = send({ ["x-api-key"] = key })
    assert.equal(200, answer.status)
    assert.equal("c1", answer.consumer.id)
    assert.equal("c1", answer.upstream["x-consumer-id"])
  end)

  it("refuses itself where the anonymous consumer is not there", function()
    gateway.consumers["kong-anon-key"] = nil
    plugins = { setups.apikey(gateway) }
    assert.equal("missing", send({}).reason)
    assert.equal("bad-checksum", send({ ["x-api-key"] = key:sub(1, -7) .. "zzzzzz" }).reason)
  end)
end)

describe("keycloak-apikey: the checksum", function()
  local VECTORS = {
    ["sk_live_00000000000000000000000000000000"] = "2UYg5A",
  }
  it("is that of auth-api", function()
    gateways.new()
    local key_format = require "kong.plugins.keycloak-apikey.key_format"
    for body, checksum in pairs(VECTORS) do
      assert.equal(checksum, key_format.checksum(body))
      assert.equal(64, #key_format.parse(body .. checksum, "sk_live_"))
    end
  end)
end)
