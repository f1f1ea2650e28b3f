local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"
local tokens = require "spec.support.tokens"
local crypto = require "spec.support.crypto"
local cjson = require "cjson.safe"

describe("keycloak-jwt: a token", function()
  local gateway, plugins

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
  end)

  local function claims(changes)
    return tokens.claims(gateway.clock.now, changes)
  end

  local function send(token, more)
    return gateway:send(plugins, { headers = { authorization = more or ("Bearer " .. token) } })
  end

  local function seconds(offset)
    return function()
      return gateway.clock.now + offset
    end
  end

  local function changed(changes)
    local result = {}
    for name, value in pairs(changes) do
      result[name] = type(value) == "function" and value() or value
    end
    return claims(result)
  end

  local ACCEPTED = {
    ["as Keycloak makes it"] = {},
    ["with one audience as a text"] = { aud = "llm-api" },
    ["of the client for guests"] = { azp = "guest-issuer", guest = true },
    ["without optional claims"] = { preferred_username = "NONE", email = "NONE", email_verified = "NONE", sid = "NONE" },
    ["without roles"] = { realm_access = "NONE" },
    ["without a scope"] = { scope = "NONE" },
    ["with nbf now"] = { nbf = seconds(0) },
    ["with nbf within the tolerance"] = { nbf = seconds(60) },
    ["with iat within the tolerance"] = { iat = seconds(59), exp = seconds(3600) },
    ["of the longest life"] = { iat = seconds(-1), exp = seconds(3599) },
    ["that expires in a second"] = { exp = seconds(1) },
    ["with a name in another alphabet"] = { preferred_username = "żółć" },
  }
  for name, changes in pairs(ACCEPTED) do
    it("is accepted " .. name, function()
      local answer = send(tokens.sign(changed(changes)))
      assert.equal(200, answer.status, answer.reason)
      assert.equal("jwt", answer.upstream["x-auth-method"])
    end)
  end

  local REFUSED = {
    { "expired", "that has expired", { exp = seconds(-1) } },
    { "expired", "that expires now", { exp = seconds(0) } },
    { "missing-claim", "without exp", { exp = "NONE" } },
    { "missing-claim", "with exp as a text", { exp = "soon" } },
    { "missing-claim", "without iat", { iat = "NONE" } },
    { "missing-claim", "without sub", { sub = "NONE" } },
    { "missing-claim", "with an empty sub", { sub = "" } },
    { "missing-claim", "with a line break in sub", { sub = "a\r\nX-User-ID: b" } },
    { "missing-claim", "with a sub beyond ASCII", { sub = "é" } },
    { "missing-claim", "with too long a sub", { sub = ("s"):rep(256) } },
    { "missing-claim", "without typ", { typ = "NONE" } },
    { "missing-claim", "without azp", { azp = "NONE" } },
    { "wrong-issuer", "without iss", { iss = "NONE" } },
    { "wrong-audience", "without aud", { aud = "NONE" } },
    { "missing-claim", "with guest as a text", { guest = "true" } },
    { "missing-claim", "with email_verified as a number", { email_verified = 1 } },
    { "missing-claim", "with a number as a role", { realm_access = { roles = { 1 } } } },
    { "missing-claim", "with roles as a text", { realm_access = { roles = "admin" } } },
    { "missing-claim", "with realm_access as a text", { realm_access = "admin" } },
    { "missing-claim", "with a number as a name", { preferred_username = 7 } },
    { "missing-claim", "with nbf as a text", { nbf = "now" } },
    { "wrong-issuer", "of another realm", { iss = "http://kc/realms/other" } },
    { "wrong-issuer", "of an issuer that begins like ours", { iss = "http://kc/realms/jan/" } },
    { "wrong-issuer", "with a list of issuers", { iss = { "http://kc/realms/jan" } } },
    { "wrong-audience", "for another service", { aud = "media" } },
    { "wrong-audience", "for other services", { aud = { "media", "account" } } },
    { "wrong-audience", "for nobody", { aud = {} } },
    { "wrong-audience", "with an audience in an object", { aud = { a = "llm-api" } } },
    { "wrong-party", "of another client", { azp = "admin-cli" } },
    { "wrong-type", "that is an ID token", { typ = "ID" } },
    { "wrong-type", "that is a refresh token", { typ = "Refresh" } },
    { "lifetime-too-long", "that lives too long", { iat = seconds(-1), exp = seconds(3600) } },
    { "not-yet-valid", "with nbf beyond the tolerance", { nbf = seconds(61) } },
    { "not-yet-valid", "with iat beyond the tolerance", { iat = seconds(61), exp = seconds(600) } },
  }
  for _, case in ipairs(REFUSED) do
    local reason, name, changes = case[1], case[2], case[3]
    it("is refused " .. name, function()
      local answer = send(tokens.sign(changed(changes)))
      assert.equal(401, answer.status)
      assert.equal(reason, answer.reason)
      assert.equal("/docs/problems/principal/unauthenticated", answer.body.type)
      assert.equal("request-1", answer.body.request_id)
      assert.matches('^Bearer realm="jan", error="invalid_token", error_description="[^"\\]+"$', answer.headers["WWW-Authenticate"])
      assert.matches("^application/problem%+json", answer.headers["Content-Type"])
      assert.is_nil(answer.credential)
      assert.equal("kong-anon-key", answer.consumer.username)
    end)
  end

  it("is refused in a body that OpenAI's client libraries read as well", function()
    local body = send(tokens.sign(changed({ typ = "ID" }))).body
    assert.same(
      { message = body.detail, type = "authentication_error", param = cjson.null, code = "wrong_type" },
      body.error
    )
  end)

  local MADE = {
    { "wrong-algorithm", "without algorithm", { header = { alg = "none" }, sign = function() return "" end } },
    { "wrong-algorithm", "without alg", { header = { alg = "NONE" } } },
    { "wrong-algorithm", "of ES256", { header = { alg = "ES256" } } },
    { "wrong-algorithm", "of PS256", { header = { alg = "PS256" } } },
    { "wrong-algorithm", "of RS512", { header = { alg = "RS512" } } },
    { "wrong-algorithm", "of rs256 in small letters", { header = { alg = "rs256" } } },
    { "wrong-algorithm", "signed by HMAC with the public key", {
      header = { alg = "HS256" },
      sign = function(input) return crypto.hmac(tokens.jwk("kid-1").n, input) end,
    } },
    { "malformed", "with crit", { header = { crit = { "exp" } } } },
    { "malformed", "without kid", { header = { kid = "NONE" } } },
    { "malformed", "with a number as kid", { header = { kid = 7 } } },
    { "malformed", "with too long a kid", { header = { kid = ("k"):rep(256) } } },
    { "bad-signature", "signed by another key", { signer = "kid-other" } },
    { "bad-signature", "without signature", { sign = function() return "" end } },
    { "bad-signature", "with a signature of zeros", { sign = function() return ("\0"):rep(256) end } },
    { "unknown-kid", "of a key that the realm does not have", { kid = "kid-other" } },
  }
  for _, case in ipairs(MADE) do
    it("is refused " .. case[2], function()
      local answer = send(tokens.sign(claims(), case[3]))
      assert.equal(401, answer.status)
      assert.equal(case[1], answer.reason)
    end)
  end

  local TEXTS = {
    ["that is no JWT"] = "Bearer nonsense",
    ["of two parts"] = "Bearer eyJ.eyJ",
    ["of four parts"] = "Bearer a.b.c.d",
    ["with JSON that is none"] = "Bearer " .. crypto.encode_base64url("{") .. ".e30.AAAA",
    ["with a list as header"] = "Bearer " .. crypto.encode_base64url("7") .. ".e30.AAAA",
    ["with two tokens in one header"] = "Bearer a.b.c, Bearer a.b.c",
    ["that is empty"] = "Bearer",
    ["of blanks"] = "Bearer   ",
    ["that is too long"] = "Bearer " .. ("a"):rep(8193),
  }
  for name, header in pairs(TEXTS) do
    it("is malformed " .. name, function()
      local answer = send(nil, header)
      assert.equal(401, answer.status)
      assert.equal("malformed", answer.reason)
    end)
  end

  it("is malformed beside another Authorization header, even the same", function()
    local header = "Bearer " .. tokens.sign(claims())
    for _, other in ipairs({ header, "Basic dTpw" }) do
      local answer = gateway:send(plugins, { headers = { authorization = { header, other } } })
      assert.equal("malformed", answer.reason)
    end
  end)

  for _, header in ipairs({ "Basic dTpw", "Digest a=b", "BearerX", "Bearer\tx", "", "Negotiate abc" }) do
    it("is not meant by Authorization: " .. header, function()
      local answer = send(nil, header)
      assert.equal(401, answer.status)
      assert.equal("missing", answer.reason)
      assert.equal('Bearer realm="jan"', answer.headers["WWW-Authenticate"])
    end)
  end

  for _, scheme in ipairs({ "Bearer", "bearer", "BEARER", "bEaReR" }) do
    it("is read after " .. scheme, function()
      assert.equal(200, send(nil, scheme .. " " .. tokens.sign(claims())).status)
    end)
  end

  it("sets the context of the stock plugin", function()
    local token = tokens.sign(claims())
    send(token)
    assert.equal(token, kong.ctx.shared.authenticated_jwt_token)
    send("nonsense")
    assert.is_nil(kong.ctx.shared.authenticated_jwt_token)
  end)

  it("is not asked for in a preflight request", function()
    local answer = gateway:send(plugins, { method = "OPTIONS", headers = { ["x-user-id"] = "spoof" } })
    assert.equal(200, answer.status)
    assert.same({}, answer.upstream)
    assert.equal(0, #gateway.calls)
  end)

  it("is asked for in a preflight request where so configured", function()
    plugins = setups.all(gateway, { jwt = { run_on_preflight = true }, principal = { run_on_preflight = true } })
    assert.equal(401, gateway:send(plugins, { method = "OPTIONS" }).status)
  end)

  it("is refused by the plugin itself where there is no anonymous", function()
    plugins = { setups.jwt(gateway) }
    plugins[1][2].anonymous = nil
    assert.equal("missing", gateway:send(plugins, {}).reason)
    assert.equal("expired", send(tokens.sign(claims({ exp = gateway.clock.now - 5 }))).reason)
    assert.equal(200, send(tokens.sign(claims())).status)
  end)

  it("of a blocked person is refused, though it was verified before", function()
    local token = tokens.sign(claims())
    assert.equal(200, send(token).status)
    gateway:admin("keycloak-principal", "/keycloak-principal/blocked/:subject", "PUT", {
      subject = claims().sub,
      reason = "user-deleted",
    })
    assert.equal("user-deleted", send(token).reason)
    gateway:admin("keycloak-principal", "/keycloak-principal/blocked/:subject", "DELETE", { subject = claims().sub })
    assert.equal(200, send(token).status)
  end)
end)
