local cjson = require "cjson.safe"
local crypto = require "spec.support.crypto"
local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"

describe("keycloak-apikey: verdicts", function()
  local gateway, plugins, key

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
    key = setups.key("a")
    gateway.keys[key] = setups.valid()
  end)

  local function send(text, ip)
    return gateway:send(plugins, { headers = { ["x-api-key"] = text or key }, ip = ip })
  end

  local function break_auth_api()
    gateway.healthy = gateway.http[setups.VALIDATION_URL]
    gateway.http[setups.VALIDATION_URL] = nil
  end

  local function push(sha)
    return gateway:admin("keycloak-apikey", "/keycloak-apikey/keys/:sha256", "DELETE", { sha256 = sha })
  end

  it("are cached for a minute", function()
    for _ = 1, 10 do
      assert.equal(200, send().status)
    end
    assert.equal(1, #gateway.calls)
    gateway:pass(61)
    send()
    assert.equal(2, #gateway.calls)
  end)

  it("hold nothing secret", function()
    send()
    local text = cjson.encode(kong.cache.entries)
    assert.is_nil(text:find(key, 1, true))
    assert.is_nil(text:find("secret", 1, true))
  end)

  it("end with the key", function()
    gateway.clock.now = 1893455990 -- 2029-12-31T23:59:50Z
    assert.equal(200, send().status)
    gateway:pass(9)
    assert.equal(200, send().status)
    gateway:pass(1)
    assert.equal("expired", send().reason)
  end)

  it("on keys that are no good are remembered for neg_ttl", function()
    gateway.keys[key] = nil
    for _ = 1, 20 do
      assert.equal("unknown-key", send().reason)
    end
    assert.equal(1, #gateway.calls)
    gateway:pass(11)
    gateway.keys[key] = setups.valid()
    assert.equal(200, send().status)
    assert.equal(2, #gateway.calls)
  end)

  it("on forged keys are not kept where the good ones are", function()
    send()
    for i = 1, 500 do
      send(setups.key("forged" .. i), "198.51.100." .. i % 250)
    end
    local entries = 0
    for name in pairs(kong.cache.entries) do
      entries = entries + (name:find("^gatehouse:key:") and 1 or 0)
    end
    assert.equal(1, entries)
    assert.equal(0, #gateway.shared.gatehouse:get_keys(), "forged keys fill nothing that must not be lost")
    local before = #gateway.calls
    assert.equal(200, send().status)
    assert.equal(before, #gateway.calls)
  end)

  it("on unknown keys are limited per address, then 429", function()
    for i = 1, 60 do
      assert.equal("unknown-key", send(setups.key("f" .. i)).reason)
    end
    local answer = send(setups.key("one more"))
    assert.equal(429, answer.status)
    assert.equal("60", answer.headers["Retry-After"])
    assert.equal("/docs/problems/gateway/too-many-unknown-keys", answer.body.type)
    assert.equal(60, #gateway.calls)
    assert.equal("unknown-key", send(setups.key("elsewhere"), "192.0.2.2").reason)
    gateway:pass(60)
    assert.equal("unknown-key", send(setups.key("a minute later")).reason)
  end)

  it("already cached are not touched by that limit", function()
    send()
    for i = 1, 70 do
      send(setups.key("f" .. i))
    end
    assert.equal(200, send().status)
  end)

  it("on unknown keys are limited per /64 of IPv6", function()
    for i = 1, 60 do
      send(setups.key("f" .. i), "2001:db8:1:2:" .. string.format("%x", i) .. "::1")
    end
    assert.equal(429, send(setups.key("x"), "2001:db8:1:2::ffff").status)
    assert.equal(401, send(setups.key("y"), "2001:db8:1:3::1").status)
  end)

  it("are not limited where the limit is 0", function()
    plugins = setups.all(gateway, { apikey = { unknown_per_minute = 0 } })
    for i = 1, 100 do
      assert.equal("unknown-key", send(setups.key("f" .. i)).reason)
    end
  end)

  describe("while auth-api cannot be reached", function()
    it("go on for stale_ttl, and no longer", function()
      assert.equal(200, send().status)
      break_auth_api()
      gateway:pass(30)
      assert.equal(200, send().status)
      for _ = 1, 17 do
        gateway:pass(5)
        assert.equal(200, send().status)
      end
      gateway:pass(6)
      assert.equal(503, send().status)
      gateway:pass(60)
      assert.equal(503, send().status)
      gateway.http[setups.VALIDATION_URL] = gateway.healthy
      gateway:pass(6)
      assert.equal(200, send().status)
    end)

    it("do not go on where stale_ttl is 0", function()
      plugins = setups.all(gateway, { apikey = { stale_ttl = 0 } })
      send()
      break_auth_api()
      gateway:pass(59)
      assert.equal(200, send().status)
      gateway:pass(2)
      assert.equal(503, send().status)
    end)

    it("do not outlive the key", function()
      gateway.keys[key] = setups.valid({ expires_at = "2023-11-14T22:13:50.000Z" }) -- 30 s from now
      assert.equal(200, send().status)
      break_auth_api()
      gateway:pass(31)
      assert.equal("expired", send().reason)
    end)

    it("do not bring a revoked key back", function()
      send()
      break_auth_api()
      push(crypto.sha256_hex(key))
      gateway:pass(61)
      assert.equal("revoked", send().reason)
    end)

    it("do not let in a key that was refused before", function()
      gateway.keys[key] = { valid = false, reason = "revoked" }
      send()
      break_auth_api()
      gateway:pass(11)
      assert.equal(503, send().status)
    end)

    it("are not asked for by every request", function()
      break_auth_api()
      for i = 1, 20 do
        assert.equal(503, send(setups.key("k" .. i)).status)
      end
      assert.equal(1, #gateway.calls)
    end)
  end)

  describe("of a key that is revoked", function()
    it("end with the push", function()
      assert.equal(200, send().status)
      assert.equal(204, push(crypto.sha256_hex(key)).status)
      assert.equal("revoked", send().reason)
      assert.equal(1, #gateway.calls)
    end)

    it("end though the answer was under way", function()
      local healthy = gateway.http[setups.VALIDATION_URL]
      gateway.http[setups.VALIDATION_URL] = function(...)
        push(crypto.sha256_hex(key))
        return healthy(...)
      end
      assert.equal("revoked", send().reason)
      assert.equal("revoked", send().reason)
    end)

    it("end though another worker still remembers", function()
      send()
      gateway.shared.gatehouse:set("key:" .. crypto.sha256_hex(key), "revoked", 10)
      assert.equal("revoked", send().reason)
    end)

    it("end though POST /config empties the cache", function()
      push(crypto.sha256_hex(key))
      kong.cache:purge()
      assert.equal("revoked", send().reason)
    end)

    it("are the only ones that end", function()
      local other = setups.key("b")
      gateway.keys[other] = setups.valid()
      send(other)
      push(crypto.sha256_hex(key))
      assert.equal(200, send(other).status)
    end)
  end)

  describe("of a key that was changed", function()
    local function refresh(text)
      local params = { sha256 = crypto.sha256_hex(text or key) }
      return gateway:admin("keycloak-apikey", "/keycloak-apikey/keys/:sha256/refresh", "POST", params)
    end

    it("are asked for again", function()
      send()
      gateway.keys[key] = setups.valid({ username = "ann2" })
      assert.equal(204, refresh().status)
      assert.equal("ann2", send().upstream["x-user-username"])
      send()
      assert.equal(2, #gateway.calls)
    end)

    it("are asked for again though the answer was under way", function()
      local healthy = gateway.http[setups.VALIDATION_URL]
      gateway.http[setups.VALIDATION_URL] = function(...)
        local answer = healthy(...)
        gateway.http[setups.VALIDATION_URL] = healthy
        gateway.keys[key] = setups.valid({ username = "ann2" })
        refresh()
        return answer
      end
      send()
      assert.equal("ann2", send().upstream["x-user-username"])
    end)

    it("forget that it was unknown", function()
      gateway.keys[key] = nil
      assert.equal("unknown-key", send().reason)
      gateway.keys[key] = setups.valid()
      refresh()
      assert.equal(200, send().status)
    end)

    it("do not forget that it was revoked", function()
      push(crypto.sha256_hex(key))
      refresh()
      assert.equal("revoked", send().reason)
    end)
  end)
end)
