local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"

local CLEARED = {
  "x-user-id", "x-user-subject", "x-user-email", "x-user-username", "x-user-anything", "x-user-",
  "x-consumer-id", "x-consumer-custom-id", "x-consumer-username", "x-consumer-groups",
  "x-gateway-identity", "x-gateway-auth", "x-gateway-version", "x-gateway-anything",
  "x-authenticated-groups", "x-authenticated-userid", "x-authenticated-scope",
  "x-credential-identifier", "x-anonymous-consumer", "x-auth-method", "x-principal-id",
}
local KEPT = {
  "x-user", "x-users-id", "x-api-key", "authorization", "x-request-id", "x-forwarded-for", "user-id", "xx-user-id",
  "x-consumers", "x-gatewayidentity", "x-auth-methods", "x-principal-ids", "x-principal", "ax-user-id", "x", "x-", "",
  "x-myuser-id", "consumer-id", "x-real-ip", "cookie", "host",
}

local function spellings(name)
  local all = { name, (name:gsub("-", "_")) }
  if name:find("-.*-") then
    all[3] = (name:gsub("-", "_", 1))
    all[4] = name:match("^(.*)-[^-]*$") .. "_" .. name:match("([^-]*)$")
  end
  return all
end

describe("identity headers of a client", function()
  local gateway, plugins

  before_each(function()
    gateway = gateways.new()
    plugins = { { gateway:handler("keycloak-principal"), gateway:config("keycloak-principal", { access = "public" }) } }
  end)

  for _, name in ipairs(CLEARED) do
    for _, spelled in ipairs(spellings(name)) do
      for _, value in ipairs({ "spoof", { "spoof", "twice" } }) do
        it("are cleared: " .. spelled .. (type(value) == "table" and " (twice)" or ""), function()
          assert.same({}, gateway:send(plugins, { headers = { [spelled] = value } }).upstream)
        end)
      end
    end
  end

  for _, name in ipairs(KEPT) do
    it("are not meant by " .. name, function()
      assert.same({ [name] = "v" }, gateway:send(plugins, { headers = { [name] = "v" } }).upstream)
    end)
  end

  local CONNECTIONS = {
    ["X-User-ID"] = "NONE",
    ["close, x_gateway_identity"] = "close",
    ["X-Consumer-ID,keep-alive ,X-Request-Id"] = "keep-alive, X-Request-Id",
    ["keep-alive, Upgrade"] = "keep-alive, Upgrade",
    ["keep-alive"] = "keep-alive",
  }
  for sent, kept in pairs(CONNECTIONS) do
    it("are not for Connection to name, as Kong would remove ours: " .. sent, function()
      assert.equal(kept, gateway:send(plugins, { headers = { connection = sent } }).upstream.connection or "NONE")
    end)
  end

  it("are not for a repeated Connection to name either", function()
    local twice = { "close", "X-User-ID" }
    assert.equal("close", gateway:send(plugins, { headers = { connection = twice } }).upstream.connection)
  end)

  for _, method in ipairs({ "GET", "OPTIONS" }) do
    it("are cleared before any plugin of the access phase: " .. method, function()
      local seen
      local early = { { access = function()
        seen = gateway.upstream["x-user-id"]
        kong.service.request.set_header("X-Consumer-ID", "by a plugin of Kong")
      end }, {} }
      plugins = { early, plugins[1] }
      local answer = gateway:send(plugins, { method = method, headers = { ["x-user-id"] = "spoof" } })
      assert.is_nil(seen)
      assert.same({ ["x-consumer-id"] = "by a plugin of Kong" }, answer.upstream)
    end)
  end

  it("are cleared by whichever of our plugins runs, where none is global", function()
    for _, name in ipairs({ "keycloak-jwt", "keycloak-apikey", "keycloak-principal" }) do
      local handler = gateway:handler(name)
      local access_only = { { access = function(_, conf)
        handler:access(conf)
      end }, gateway:config(name, { access = "public" }) }
      assert.same({}, gateway:send({ access_only }, { headers = { x_user_id = "spoof" } }).upstream)
    end
  end)

  it("are cleared among thousands of names never seen before, again and again", function()
    for round = 1, 3 do
      local headers = { ["x-user-id"] = "spoof", x_user_id = "spoof" }
      for i = 1, 2000 do
        headers["x-other-" .. round .. "-" .. i] = "v"
      end
      local upstream = gateway:send(plugins, { headers = headers }).upstream
      assert.is_nil(upstream["x-user-id"])
      assert.is_nil(upstream.x_user_id)
      assert.equal("v", upstream["x-other-" .. round .. "-2000"])
    end
  end)

  it("are read once for all three plugins", function()
    gateway:send(setups.all(gateway), { headers = { authorization = "Bearer x" } })
    assert.equal(1, gateway.header_reads)
  end)
end)
