local crypto = require "spec.support.crypto"
local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"

local KEY, REFRESH = "/keycloak-apikey/keys/:sha256", "/keycloak-apikey/keys/:sha256/refresh"

describe("keycloak-apikey: the Admin API", function()
  local gateway, key, sha

  before_each(function()
    gateway = gateways.new()
    key = setups.key("a")
    sha = crypto.sha256_hex(key)
  end)

  local function call(route, method, given)
    return gateway:admin("keycloak-apikey", route, method, { sha256 = given or sha })
  end

  it("answers 204, also when repeated and for keys that nobody knows", function()
    for _ = 1, 2 do
      assert.equal(204, call(KEY, "DELETE").status)
      assert.equal(204, call(REFRESH, "POST").status)
    end
  end)

  it("drops the verdict on this node", function()
    call(KEY, "DELETE")
    assert.same({ "gatehouse:key:" .. sha }, kong.cache.invalidated)
  end)

  it("takes capital letters", function()
    call(KEY, "DELETE", sha:upper())
    assert.same({ "gatehouse:key:" .. sha }, kong.cache.invalidated)
  end)

  for _, given in ipairs({ "", "abc", ("g"):rep(64), ("a"):rep(63), ("a"):rep(65), "sk_live_something" }) do
    it("refuses what is no SHA-256: " .. given:sub(1, 8), function()
      assert.equal(400, call(KEY, "DELETE", given).status)
      assert.equal(400, call(REFRESH, "POST", given).status)
      assert.equal(0, #gateway.broadcasts)
    end)
  end

  it("says so when there is no memory left", function()
    gateway.shared.gatehouse.full = true
    assert.equal(503, call(KEY, "DELETE").status)
  end)

  it("tells the other nodes, which refuse the key from then on", function()
    call(KEY, "DELETE")
    call(REFRESH, "POST", ("b"):rep(64))
    local broadcasts = gateway.broadcasts
    gateway = gateways.new()
    local plugins = setups.all(gateway)
    gateway.keys[key] = setups.valid()
    gateway:handler("keycloak-apikey"):init_worker()
    local headers = { ["x-api-key"] = key }
    assert.equal(200, gateway:send(plugins, { headers = headers }).status)
    gateway.subscribed["gatehouse:key"](broadcasts[1].text)
    gateway.subscribed["gatehouse:key"](broadcasts[2].text)
    assert.equal("revoked", gateway:send(plugins, { headers = headers }).reason)
    assert.equal(0, #gateway.broadcasts)
  end)

  it("forgets a revocation after an hour, when auth-api has long said so itself", function()
    call(KEY, "DELETE")
    local marks = require "kong.plugins.keycloak-apikey.marks"
    gateway:pass(3599)
    assert.is_true(marks.read(sha))
    gateway:pass(1)
    assert.is_false(marks.read(sha))
  end)
end)
