local gateways = require "spec.support.gateway"

local ONE, ALL, NODE = "/keycloak-principal/blocked/:subject", "/keycloak-principal/blocked", "/keycloak-principal/node"

describe("keycloak-principal: the Admin API", function()
  local gateway, blocked

  before_each(function()
    gateway = gateways.new()
    gateway:handler("keycloak-principal"):init_worker()
    blocked = require "kong.plugins.gatehouse.blocked"
  end)

  local function call(route, method, params)
    return gateway:admin("keycloak-principal", route, method, params)
  end

  it("blocks one person, and lets him in again", function()
    assert.equal(204, call(ONE, "PUT", { subject = "ann" }).status)
    assert.equal("user-disabled", blocked.reason("ann"))
    assert.is_nil(blocked.reason("bob"))
    assert.equal(204, call(ONE, "DELETE", { subject = "ann" }).status)
    assert.is_nil(blocked.reason("ann"))
    assert.equal(204, call(ONE, "DELETE", { subject = "ann" }).status)
  end)

  for given, expected in pairs({ ["user-deleted"] = "user-deleted", ["user-disabled"] = "user-disabled", ["x\r\n"] = "user-disabled", [7] = "user-disabled" }) do
    it("takes a reason: " .. tostring(given):gsub("%c", ""), function()
      call(ONE, "PUT", { subject = "ann", reason = given })
      assert.equal(expected, blocked.reason("ann"))
    end)
  end

  for name, until_value in pairs({ seconds = 1700000100, text = "1700000100", iso = "2023-11-14T22:15:00Z" }) do
    it("blocks until: " .. name, function()
      assert.equal(204, call(ONE, "PUT", { subject = "ann", ["until"] = until_value }).status)
      gateway:pass(99)
      assert.equal("user-disabled", blocked.reason("ann"))
      gateway:pass(1)
      assert.is_nil(blocked.reason("ann"))
    end)
  end

  it("blocks for the longest life of a token by default", function()
    call(ONE, "PUT", { subject = "ann" })
    gateway:pass(3659)
    assert.equal("user-disabled", blocked.reason("ann"))
    gateway:pass(1)
    assert.is_nil(blocked.reason("ann"))
  end)

  it("does not block until yesterday", function()
    call(ONE, "PUT", { subject = "ann", ["until"] = 1600000000 })
    assert.is_nil(blocked.reason("ann"))
  end)

  it("understands an encoded subject", function()
    call(ONE, "PUT", { subject = "a%3Ab" })
    assert.equal("user-disabled", blocked.reason("a:b"))
  end)

  for _, subject in ipairs({ "", "a b", "é", "%0a", ("s"):rep(256) }) do
    it("refuses a subject that none can be: " .. subject:sub(1, 5), function()
      assert.equal(400, call(ONE, "PUT", { subject = subject }).status)
    end)
  end

  it("refuses a time that is none", function()
    assert.equal(400, call(ONE, "PUT", { subject = "ann", ["until"] = "tomorrow" }).status)
    assert.equal(400, call(ALL, "PUT", { subjects = {}, ["until"] = "tomorrow" }).status)
    assert.equal(400, call(ALL, "PUT", { subjects = {}, as_of = {} }).status)
  end)

  it("takes from the list who is deleted and not only disabled", function()
    assert.equal(204, call(ALL, "PUT", { subjects = { "ann", "bob" }, deleted = { "bob" } }).status)
    assert.equal("user-disabled", blocked.reason("ann"))
    assert.equal("user-deleted", blocked.reason("bob"))
    assert.equal(400, call(ALL, "PUT", { subjects = { "ann" }, deleted = "ann" }).status)
  end)

  it("takes the whole list: who is not in it is let in", function()
    call(ONE, "PUT", { subject = "ann" })
    call(ONE, "PUT", { subject = "bob" })
    assert.equal(204, call(ALL, "PUT", { subjects = { "bob", "eve" } }).status)
    assert.is_nil(blocked.reason("ann"))
    assert.equal("user-disabled", blocked.reason("bob"))
    assert.equal("user-disabled", blocked.reason("eve"))
    assert.equal(204, call(ALL, "PUT", { subjects = {} }).status)
    assert.equal(0, blocked.count())
  end)

  it("keeps who was blocked after the list was made", function()
    call(ONE, "PUT", { subject = "old" })
    gateway:pass(10)
    local as_of = gateway.clock.now + 0.5
    gateway:pass(0.7)
    call(ONE, "PUT", { subject = "new" })
    call(ALL, "PUT", { subjects = {}, as_of = as_of })
    assert.is_nil(blocked.reason("old"))
    assert.equal("user-disabled", blocked.reason("new"))
  end)

  for name, subjects in pairs({ text = "ann", object = { a = "ann" }, numbers = { 1 }, blanks = { "a b" }, nothing = false }) do
    it("refuses a list that is none: " .. name, function()
      assert.equal(400, call(ALL, "PUT", { subjects = subjects }).status)
    end)
  end

  it("takes ten thousand", function()
    local subjects = {}
    for i = 1, 10000 do
      subjects[i] = "user-" .. i
    end
    assert.equal(204, call(ALL, "PUT", { subjects = subjects }).status)
    assert.equal(10000, call(NODE, "GET").body.blocked)
  end)

  it("shows a boot id that lives as long as the list", function()
    local first = call(NODE, "GET")
    assert.equal(200, first.status)
    assert.equal(0, first.body.blocked)
    assert.equal(first.body.boot_id, call(NODE, "GET").body.boot_id)
    kong.cache:purge()
    assert.equal(first.body.boot_id, call(NODE, "GET").body.boot_id)
    gateway:pass(1)
    gateway.shared.gatehouse.entries = {}
    assert.not_equal(first.body.boot_id, call(NODE, "GET").body.boot_id)
  end)

  it("says so when there is no memory left", function()
    gateway.shared.gatehouse.full = true
    assert.equal(503, call(ONE, "PUT", { subject = "ann" }).status)
    assert.equal(503, call(ALL, "PUT", { subjects = { "ann" } }).status)
  end)

  it("tells the other nodes", function()
    call(ONE, "PUT", { subject = "ann", reason = "user-deleted" })
    call(ALL, "PUT", { subjects = { "eve" } })
    call(ONE, "DELETE", { subject = "eve" })
    local broadcasts = gateway.broadcasts
    gateway = gateways.new()
    gateway:handler("keycloak-principal"):init_worker()
    blocked = require "kong.plugins.gatehouse.blocked"
    local hear = gateway.subscribed["gatehouse:blocked"]
    hear(broadcasts[1].text)
    assert.equal("user-deleted", blocked.reason("ann"))
    hear(broadcasts[2].text)
    assert.is_nil(blocked.reason("ann"))
    assert.equal("user-disabled", blocked.reason("eve"))
    hear(broadcasts[3].text)
    assert.is_nil(blocked.reason("eve"))
    hear("{")
    assert.matches("not understood", gateway.logged[#gateway.logged])
  end)

  it("needs its shared dict", function()
    _G.ngx.shared = {}
    assert.has_error(function()
      blocked.reason("ann")
    end, "lua_shared_dict gatehouse is missing: see kong/plugins/README.md")
  end)

  it("does with one shared dict", function()
    _G.ngx.shared.gatehouse_volatile = nil
    assert.equal(gateway.shared.gatehouse, require("kong.plugins.gatehouse.store").volatile())
  end)
end)
