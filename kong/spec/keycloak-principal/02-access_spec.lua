local cjson = require "cjson.safe"
local crypto = require "spec.support.crypto"
local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"
local tokens = require "spec.support.tokens"

local USER = "11111111-1111-4111-8111-111111111111"
local OTHER = "33333333-3333-4333-8333-333333333333"

describe("keycloak-principal", function()
  local gateway, plugins, key

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
    key = setups.key("a")
    gateway.keys[key] = setups.valid()
  end)

  local function token(changes, options)
    return "Bearer " .. tokens.sign(tokens.claims(gateway.clock.now, changes), options)
  end

  local function send(headers, more)
    local request = more or {}
    request.headers = headers
    return gateway:send(plugins, request)
  end

  local function proof_of(answer)
    local head, body, signature = answer.upstream["x-gateway-identity"]:match("^([^.]+)%.([^.]+)%.([^.]+)$")
    return cjson.decode(crypto.decode_base64url(body)), head .. "." .. body, crypto.decode_base64url(signature), body
  end

  it("tells the service who is calling, by token", function()
    local answer = send({ authorization = token() })
    local expected = {
      ["x-user-id"] = USER,
      ["x-user-subject"] = USER,
      ["x-user-username"] = "ann",
      ["x-user-email"] = "ann@example.org",
      ["x-auth-method"] = "jwt",
      ["x-consumer-custom-id"] = USER,
      ["x-consumer-username"] = "ann",
      ["x-credential-identifier"] = "session-1",
      ["x-gateway-auth"] = "kong",
      ["x-gateway-version"] = "1.0.0",
    }
    for name, value in pairs(expected) do
      assert.equal(value, answer.upstream[name], name)
    end
    assert.matches("^Bearer ", answer.upstream.authorization)
    assert.is_nil(answer.upstream["x-anonymous-consumer"])
  end)

  it("computes the same id of a consumer as TypeScript", function()
    local answer = send({ authorization = token({ sub = "someone" }) })
    -- python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID(NAMESPACE), "consumer:jan:someone"))'
    assert.equal("b6753a9b-54e4-5c0d-9aaf-8bfc7a483bc7", answer.upstream["x-consumer-id"])
  end)

  it("sends an e-mail address only when it is verified", function()
    local answer = send({ authorization = token({ email_verified = false }) })
    assert.is_nil(answer.upstream["x-user-email"])
    assert.is_false(proof_of(answer).email_verified)
  end)

  it("takes line breaks and blanks at the ends out of names", function()
    local answer = send({ authorization = token({ preferred_username = " żółć\r\nX-User-ID: x " }) })
    assert.equal("żółćX-User-ID: x", answer.upstream["x-user-username"])
    assert.equal("żółćX-User-ID: x", proof_of(answer).preferred_username)
  end)

  describe("proves itself with an identity that", function()
    it("the service can verify with its own key alone", function()
      local answer = send({ authorization = token() })
      local claims, input, signature = proof_of(answer)
      assert.equal(crypto.hmac(crypto.hmac(setups.SECRET, "identity:llm-api"), input), signature)
      assert.equal("llm-api", claims.aud)
      assert.equal("gatehouse-gateway", claims.iss)
    end)

    it("says what the token says", function()
      local claims, _, _, body = proof_of(send({ authorization = token() }))
      assert.same({
        iss = "gatehouse-gateway",
        aud = "llm-api",
        sub = USER,
        preferred_username = "ann",
        email = "ann@example.org",
        email_verified = true,
        guest = false,
        roles = { "user" },
        amr = { "jwt" },
        scope = "openid profile",
        azp = "llm-api",
        cid = "session-1",
        iat = 1700000000,
        exp = 1700000060,
      }, claims)
      assert.matches('"amr":%["jwt"%]', crypto.decode_base64url(body))
    end)

    it("says what the key may", function()
      local claims = proof_of(send({ ["x-api-key"] = key }))
      assert.same({ "apikey" }, claims.amr)
      assert.equal("llm media:read", claims.scope)
      assert.equal("22222222-2222-4222-8222-222222222222", claims.cid)
    end)

    it("has roles as a list, also when there are none", function()
      local _, _, _, body = proof_of(send({ authorization = token({ realm_access = "NONE" }) }))
      assert.matches('"roles":%[%]', crypto.decode_base64url(body))
    end)

    it("lives no longer than the token", function()
      local claims = proof_of(send({ authorization = token({ exp = gateway.clock.now + 20 }) }))
      assert.equal(1700000020, claims.exp)
    end)

    it("is for one service", function()
      local header = token()
      local first = send({ authorization = header })
      local second = send({ authorization = header }, { service = "media-api" })
      assert.equal("media-api", proof_of(second).aud)
      local _, input, signature = proof_of(second)
      assert.not_equal(crypto.hmac(crypto.hmac(setups.SECRET, "identity:llm-api"), input), signature)
      assert.equal(first.upstream["x-gateway-identity"], send({ authorization = header }).upstream["x-gateway-identity"])
    end)

    it("is signed once in five seconds for each credential", function()
      local hmac, signed = package.loaded["resty.openssl.hmac"], 0
      local original = hmac.new
      hmac.new = function(...)
        signed = signed + 1
        return original(...)
      end
      local header = token()
      for _ = 1, 10 do
        send({ authorization = header })
        send({ ["x-api-key"] = key })
      end
      assert.equal(3, signed, "the key of the service, and one for each")
      gateway:pass(4.9)
      send({ authorization = header })
      assert.equal(3, signed)
      gateway:pass(0.1)
      send({ authorization = header })
      assert.equal(4, signed)
    end)

    it("is not shared between two credentials of one person", function()
      local first = send({ authorization = token({ sid = "one" }) })
      local second = send({ authorization = token({ sid = "two" }) })
      assert.equal("one", proof_of(first).cid)
      assert.equal("two", proof_of(second).cid)
    end)

    it("changes with the secret", function()
      local header = token()
      local before = send({ authorization = header }).upstream["x-gateway-identity"]
      plugins[3][2].identity_secret = setups.SECRET:reverse()
      assert.not_equal(before, send({ authorization = header }).upstream["x-gateway-identity"])
    end)

    it("is never sent without a secret: 503", function()
      for _, secret in ipairs({ "", "short" }) do
        plugins[3][2].identity_secret = secret
        local answer = send({ authorization = token({ jti = secret }) })
        assert.equal(503, answer.status)
        assert.equal("not-configured", answer.reason)
      end
    end)
  end)

  describe("judges several credentials:", function()
    local GOOD, BAD = "good", "bad"
    local function credentials(jwt, api_key)
      return {
        authorization = jwt and (jwt == GOOD and token() or "Bearer a.b.c") or nil,
        ["x-api-key"] = api_key and (api_key == GOOD and key or setups.key("unknown")) or nil,
      }
    end
    local CASES = {
      { nil, nil, 401, "missing" },
      { GOOD, nil, 200 },
      { nil, GOOD, 200 },
      { GOOD, GOOD, 200 },
      { BAD, nil, 401, "malformed" },
      { nil, BAD, 401, "unknown-key" },
      { BAD, GOOD, 401, "malformed" },
      { GOOD, BAD, 401, "unknown-key" },
      { BAD, BAD, 401, "malformed" },
    }
    for i = 1, 9 do
      local case = CASES[i]
      it("token " .. tostring(case[1]) .. ", key " .. tostring(case[2]), function()
        local answer = send(credentials(case[1], case[2]))
        assert.equal(case[3], answer.status)
        assert.equal(case[4], answer.reason)
      end)
    end

    it("both good, and of one person: the token counts", function()
      local answer = send(credentials(GOOD, GOOD))
      assert.equal("jwt", answer.upstream["x-auth-method"])
      assert.is_nil(answer.upstream["x-api-key"])
    end)

    it("both good, and of two people: 403", function()
      gateway.keys[key] = setups.valid({ subject = OTHER, user_id = OTHER })
      local answer = send(credentials(GOOD, GOOD))
      assert.equal(403, answer.status)
      assert.equal("/docs/problems/principal/confused-deputy", answer.body.type)
      assert.is_nil(answer.headers["WWW-Authenticate"])
    end)

    it("an outage is graver than a bad token", function()
      gateway.http[setups.VALIDATION_URL] = nil
      assert.equal(503, send({ authorization = "Bearer a.b.c", ["x-api-key"] = key }).status)
    end)

    it("a key that no plugin has looked at is no good", function()
      plugins = { plugins[1], plugins[3] }
      assert.equal(503, send({ authorization = token(), ["x-api-key"] = key }).status)
      assert.equal(503, send({ authorization = "Bearer " .. key }).status)
    end)

    it("a token that no plugin has looked at is no good", function()
      plugins = { plugins[2], plugins[3] }
      assert.equal(401, send({ authorization = token() }).status)
    end)
  end)

  describe("asks keys for scopes:", function()
    local CASES = {
      { { "llm" }, "GET", 200 },
      { { "llm" }, "POST", 200 },
      { { "llm:read" }, "GET", 200 },
      { { "llm:read" }, "HEAD", 200 },
      { { "llm:read" }, "POST", 403, "llm" },
      { { "llm:read" }, "DELETE", 403, "llm" },
      { { "media" }, "GET", 403, "llm:read" },
      { { "media" }, "POST", 403, "llm" },
      { { "llm:reading" }, "GET", 403, "llm:read" },
      { {}, "GET", 403, "llm:read" },
      { { "media" }, "GET", 200, nil, "auth-api" },
    }
    for _, case in ipairs(CASES) do
      local scopes, method, status, needed, service = case[1], case[2], case[3], case[4], case[5]
      it(("%s of [%s] for %s: %d"):format(method, table.concat(scopes, " "), service or "llm-api", status), function()
        gateway.keys[key] = setups.valid({ scopes = #scopes > 0 and scopes or setmetatable({}, nil) })
        local answer = send({ ["x-api-key"] = key }, { method = method, service = service })
        assert.equal(status, answer.status)
        if needed then
          assert.equal("/docs/problems/principal/insufficient-scope", answer.body.type)
          assert.same({ needed }, answer.body.scopes)
          assert.equal('Bearer realm="jan", error="insufficient_scope", scope="' .. needed .. '"', answer.headers["WWW-Authenticate"])
        end
      end)
    end

    it("a session has them all", function()
      assert.equal(200, send({ authorization = token({ scope = "NONE" }) }, { method = "POST" }).status)
    end)
  end)

  describe("enters the tier of", function()
    local function tier(headers)
      local answer = send(headers)
      assert.equal(200, answer.status)
      return answer.consumer and answer.consumer.username, answer.credential
    end

    it("guests", function()
      local name, credential = tier({ authorization = token({ guest = true }) })
      assert.equal("tier-guest", name)
      assert.same({ id = USER, consumer_id = "id-of-tier-guest" }, credential)
    end)

    it("registered users", function()
      assert.equal("tier-registered", (tier({ authorization = token() })))
    end)

    it("keys, each counted apart", function()
      local name, credential = tier({ ["x-api-key"] = key })
      assert.equal("tier-key", name)
      assert.equal("22222222-2222-4222-8222-222222222222", credential.id)
    end)

    it("keys of a named tier", function()
      gateway.consumers["tier-key-gold"] = { id = "gold", username = "tier-key-gold" }
      gateway.keys[key] = setups.valid({ tier = "gold" })
      assert.equal("tier-key-gold", (tier({ ["x-api-key"] = key })))
    end)

    it("ordinary keys where the named tier is not there", function()
      gateway.keys[key] = setups.valid({ tier = "platinum" })
      assert.equal("tier-key", (tier({ ["x-api-key"] = key })))
    end)

    it("a user with a consumer of his own", function()
      local id = send({ authorization = token() }).upstream["x-consumer-id"]
      kong.cache:purge()
      gateway.consumers[id] = { id = id, username = "ann-herself" }
      local name, credential = tier({ authorization = token() })
      assert.equal("ann-herself", name)
      assert.equal(id, credential.consumer_id)
      assert.equal("ann-herself", (tier({ ["x-api-key"] = key })))
    end)

    it("nobody where the topology lacks it, and says so", function()
      gateway.consumers["tier-registered"] = nil
      local name, credential = tier({ authorization = token() })
      assert.is_nil(name)
      assert.equal(USER, credential.id)
      assert.matches("tier%-registered", gateway.logged[#gateway.logged])
    end)

    it("everybody without asking the database each time", function()
      local header = token()
      send({ authorization = header })
      local loads = gateway.consumer_loads
      for _ = 1, 10 do
        send({ authorization = header })
      end
      assert.equal(loads, gateway.consumer_loads)
    end)
  end)

  describe("limits a principal per hour:", function()
    before_each(function()
      plugins = setups.all(gateway, { principal = { hourly_limit = 3 } })
    end)

    it("429 until the next one", function()
      for _ = 1, 3 do
        assert.equal(200, send({ authorization = token() }).status)
      end
      local answer = send({ authorization = token() })
      assert.equal(429, answer.status)
      assert.equal("/docs/problems/gateway/hourly-limit", answer.body.type)
      assert.equal(tostring(3600 - 1700000000 % 3600), answer.headers["Retry-After"])
      gateway:pass(3600)
      assert.equal(200, send({ authorization = token() }).status)
    end)

    it("each apart, tokens and keys of one together", function()
      send({ authorization = token() })
      send({ ["x-api-key"] = key })
      send({ authorization = token() })
      assert.equal(429, send({ ["x-api-key"] = key }).status)
      assert.equal(200, send({ authorization = token({ sub = OTHER }) }).status)
    end)

    it("refused requests use nothing up", function()
      for _ = 1, 10 do
        send({ authorization = token({ exp = gateway.clock.now - 1 }) })
        send({ authorization = token(), ["x-api-key"] = "sk_live_wrong" })
      end
      assert.equal(200, send({ authorization = token() }).status)
    end)
  end)

  describe("on a public route", function()
    before_each(function()
      local public = { access = "public" }
      plugins = {
        { gateway:handler("keycloak-jwt"), gateway:config("keycloak-jwt", public) },
        { gateway:handler("keycloak-apikey"), gateway:config("keycloak-apikey", public) },
        { gateway:handler("keycloak-principal"), gateway:config("keycloak-principal", public) },
      }
    end)

    for _, method in ipairs({ "GET", "POST", "OPTIONS", "HEAD" }) do
      it("clears what a client claims and asks nothing: " .. method, function()
        local answer = send({ ["x-user-id"] = "x", authorization = "Bearer broken", ["x-api-key"] = "sk_live_x", accept = "a" }, { method = method })
        assert.equal(200, answer.status)
        assert.same({ accept = "a", authorization = "Bearer broken", ["x-api-key"] = "sk_live_x" }, answer.upstream)
        assert.is_nil(answer.consumer)
        assert.equal(0, #gateway.calls)
        assert.equal(0, kong.cache.gets)
        assert.equal(1, gateway.header_reads)
      end)
    end

    it("names nobody where Kong's own jwt has entered its anonymous consumer", function()
      local jwt = { access = function()
        kong.client.authenticate({ id = "anon", username = "kong-anon-jwt" }, nil)
        kong.service.request.set_header("X-Consumer-ID", "anon")
        kong.service.request.set_header("X-Consumer-Username", "kong-anon-jwt")
        kong.service.request.set_header("X-Anonymous-Consumer", "true")
      end }
      plugins[1] = { jwt, {} }
      assert.same({ accept = "a" }, send({ accept = "a" }).upstream)
    end)

    it("lets pass also where only this plugin knows that it is public", function()
      plugins = { setups.jwt(gateway), setups.apikey(gateway), plugins[3] }
      assert.equal(200, send({ authorization = "Bearer broken" }).status)
    end)
  end)

  describe("on a route of registered clients", function()
    local entered

    before_each(function()
      entered = {}
      local key_auth = { { access = function()
        if entered.consumer then
          kong.client.authenticate(entered.consumer, entered.credential)
          kong.service.request.set_header("X-Consumer-Groups", "registered")
        end
      end }, {} }
      local principal = gateway:config("keycloak-principal", { access = "consumer" })
      plugins = { key_auth, { gateway:handler("keycloak-principal"), principal } }
    end)

    it("tells who the consumer is, and nothing of ours", function()
      entered = { consumer = { id = "c1", username = "client", custom_id = "a@b.c" }, credential = { id = "cred" } }
      local answer = send({ ["x-consumer-id"] = "spoof", ["x-user-id"] = "spoof", ["x-gateway-identity"] = "spoof" })
      assert.same({
        ["x-consumer-id"] = "c1",
        ["x-consumer-username"] = "client",
        ["x-consumer-custom-id"] = "a@b.c",
        ["x-credential-identifier"] = "cred",
        ["x-consumer-groups"] = "registered",
      }, answer.upstream)
    end)

    describe("to a service of ours", function()
      local client, settings

      before_each(function()
        client = { id = "c1", username = "client", custom_id = "a@b.c" }
        entered = { consumer = client, credential = { id = "cred" } }
        settings = { access = "consumer", identity_secret = setups.SECRET, scopes = { ["llm-api"] = "llm" } }
        plugins[2][2] = gateway:config("keycloak-principal", settings)
      end)

      it("proves who the consumer is", function()
        local answer = send({ ["x-user-id"] = "spoof", ["x-gateway-identity"] = "spoof" })
        local claims, input, signature = proof_of(answer)
        assert.equal(crypto.hmac(crypto.hmac(setups.SECRET, "identity:llm-api"), input), signature)
        assert.same({
          iss = "gatehouse-gateway", aud = "llm-api",
          sub = "c1", kind = "application", preferred_username = "client", custom_id = "a@b.c", cid = "cred",
          guest = false, roles = {}, amr = { "apikey" }, scope = "llm",
          iat = 1700000000, exp = 1700000060,
        }, claims)
        answer.upstream["x-gateway-identity"] = nil
        assert.same({
          ["x-consumer-id"] = "c1",
          ["x-consumer-username"] = "client",
          ["x-consumer-custom-id"] = "a@b.c",
          ["x-credential-identifier"] = "cred",
          ["x-consumer-groups"] = "registered",
          ["x-gateway-auth"] = "kong",
          ["x-gateway-version"] = "1.0.0",
        }, answer.upstream)
      end)

      it("sends nothing that the proof does not say", function()
        entered.credential = { id = "cred", client_id = "app" }
        plugins[1][1].rewrite = nil
        local oauth2 = { { access = function()
          kong.service.request.set_header("X-Authenticated-Scope", "read")
          kong.service.request.set_header("X-Authenticated-Userid", "someone")
        end }, {} }
        table.insert(plugins, 1, oauth2)
        local answer = send({})
        assert.equal("app", proof_of(answer).cid)
        assert.is_nil(answer.upstream["x-authenticated-scope"])
        assert.is_nil(answer.upstream["x-authenticated-userid"])
      end)

      it("proves each of its credentials apart, and what it is called now", function()
        assert.equal("cred", proof_of(send({})).cid)
        entered.credential = { id = "other" }
        assert.equal("other", proof_of(send({})).cid)
        entered.consumer = { id = "c1", username = "renamed" }
        local claims = proof_of(send({}))
        assert.equal("renamed", claims.preferred_username)
        assert.is_nil(claims.custom_id)
      end)

      it("proves it to each service apart", function()
        assert.equal("llm", proof_of(send({})).scope)
        local claims = proof_of(send({}, { service = "media-api" }))
        assert.equal("media-api", claims.aud)
        assert.equal("", claims.scope)
      end)

      it("lets nobody in where the secret is not there", function()
        plugins[2][2].identity_secret = ""
        local answer = send({})
        assert.equal(503, answer.status)
        assert.equal("not-configured", answer.reason)
      end)
    end)

    it("names an OAuth client as its plugin does", function()
      entered = { consumer = { id = "c1", username = "client", custom_id = cjson.null }, credential = { id = "cred", client_id = "app" } }
      local answer = send({})
      assert.equal("app", answer.upstream["x-credential-identifier"])
      assert.is_nil(answer.upstream["x-consumer-custom-id"])
    end)

    it("lets nobody in whom nobody knows", function()
      local answer = send({})
      assert.equal(401, answer.status)
      assert.equal("missing", answer.reason)
    end)

    it("lets no anonymous consumer in", function()
      entered = { consumer = { id = "anon", username = "kong-anon-key" } }
      assert.equal(401, send({}).status)
    end)
  end)

  it("works for a route without a service", function()
    local answer = send({ authorization = token() }, { service = false })
    assert.equal(200, answer.status)
    assert.is_nil(answer.upstream["x-gateway-identity"])
  end)
end)

describe("keycloak-principal behind the stock jwt plugin", function()
  local gateway, plugins, verified

  before_each(function()
    gateway = gateways.new()
    verified = true
    local stock = { { access = function()
      local authorization = gateway.upstream.authorization
      local text = type(authorization) == "string" and authorization:match("^[Bb]earer%s+(.+)$")
      if text and verified then
        kong.client.authenticate({ id = "issuer", username = "keycloak-issuer" }, { id = "kid-1" })
        kong.service.request.set_header("X-Consumer-ID", "issuer")
        kong.service.request.set_header("X-Consumer-Username", "keycloak-issuer")
        kong.service.request.set_header("X-Credential-Identifier", "kid-1")
        kong.ctx.shared.authenticated_jwt_token = text
      else
        kong.client.authenticate({ id = "anon", username = "kong-anon-jwt" }, nil)
        kong.service.request.set_header("X-Anonymous-Consumer", true)
      end
    end }, {} }
    plugins = { stock, setups.apikey(gateway), setups.principal(gateway) }
  end)

  local function send(changes, options)
    local text = tokens.sign(tokens.claims(gateway.clock.now, changes), options)
    return gateway:send(plugins, { headers = { authorization = "Bearer " .. text } })
  end

  it("takes its place", function()
    for _ = 1, 2 do
      local answer = send()
      assert.equal(200, answer.status)
      assert.equal("tier-registered", answer.consumer.username)
      assert.equal(USER, answer.upstream["x-consumer-custom-id"])
      assert.not_equal("issuer", answer.upstream["x-consumer-id"])
      assert.equal("session-1", answer.upstream["x-credential-identifier"])
    end
  end)

  it("leaves nothing of the issuer's credential", function()
    local answer = send({ sid = "NONE" })
    assert.is_nil(answer.upstream["x-credential-identifier"])
  end)

  local CHECKED = {
    { "wrong-issuer", { iss = "http://other" } },
    { "wrong-audience", { aud = "other" } },
    { "wrong-party", { azp = "other" } },
    { "wrong-type", { typ = "ID" } },
    { "missing-claim", { sub = "NONE" } },
  }
  for _, case in ipairs(CHECKED) do
    it("checks what that plugin does not: " .. case[1], function()
      assert.equal(case[1], send(case[2]).reason)
    end)
  end

  it("refuses an algorithm that that plugin would take from its credential", function()
    assert.equal("wrong-algorithm", send({}, { header = { alg = "RS512" } }).reason)
  end)

  it("never past exp, though remembered", function()
    local text = "Bearer " .. tokens.sign(tokens.claims(gateway.clock.now, { exp = gateway.clock.now + 5 }))
    assert.equal(200, gateway:send(plugins, { headers = { authorization = text } }).status)
    gateway:pass(5)
    assert.equal("expired", gateway:send(plugins, { headers = { authorization = text } }).reason)
  end)

  it("asks for the blocked", function()
    require("kong.plugins.gatehouse.blocked").block(USER)
    assert.equal("user-disabled", send().reason)
  end)

  it("lets an API key in", function()
    local key = setups.key("a")
    gateway.keys[key] = setups.valid()
    local answer = gateway:send(plugins, { headers = { ["x-api-key"] = key } })
    assert.equal(200, answer.status)
    assert.is_nil(answer.upstream["x-anonymous-consumer"])
  end)

  it("refuses a token from anywhere but the Authorization header", function()
    plugins[1][1].access = function()
      kong.ctx.shared.authenticated_jwt_token = "from-a-cookie"
    end
    assert.equal("malformed", gateway:send(plugins, { headers = {} }).reason)
    assert.equal("malformed", send().reason)
  end)

  describe("finds out why it refused:", function()
    before_each(function()
      verified = false
    end)

    local REFUSED = {
      { "expired", { exp = 1699999999 } },
      { "missing-claim", { exp = "NONE" } },
      { "lifetime-too-long", { exp = 1700009999 } },
      { "bad-signature", {} },
      { "bad-signature", { iss = "http://other" } },
      { "wrong-algorithm", {}, { header = { alg = "none" }, sign = function() return "" end } },
      { "malformed", {}, { header = { kid = 7 } } },
    }
    for _, case in ipairs(REFUSED) do
      it(case[1], function()
        assert.equal(case[1], send(case[2], case[3]).reason)
      end)
    end

    it("unknown-kid", function()
      kong.cache:get("jwt_secrets:kid-9", { neg_ttl = 60 }, function() end)
      assert.equal("unknown-kid", send({}, { kid = "kid-9", signer = "kid-1" }).reason)
    end)

    it("unknown-kid, where nothing is remembered", function()
      assert.equal("unknown-kid", send({}, { kid = "kid-9", signer = "kid-1" }).reason)
    end)

    it("not unknown-kid, where nobody can say", function()
      gateway.database_down = true
      assert.equal("bad-signature", send({}, { kid = "kid-9", signer = "kid-1" }).reason)
    end)

    it("bad-signature of a known kid", function()
      kong.cache:get("jwt_secrets:kid-1", { ttl = 60 }, function()
        return { key = "kid-1" }
      end)
      assert.equal("bad-signature", send().reason)
    end)

    it("malformed", function()
      assert.equal("malformed", gateway:send(plugins, { headers = { authorization = "Bearer nonsense" } }).reason)
    end)
  end)
end)
