local cjson = require "cjson.safe"
local gateways = require "spec.support.gateway"
local setups = require "spec.support.setups"
local tokens = require "spec.support.tokens"

describe("keycloak-principal: usage", function()
  local gateway, plugins, key, sent, answer_with

  before_each(function()
    gateway = gateways.new()
    plugins = setups.all(gateway, { principal = { usage_url = setups.USAGE_URL, call_secret = "call-secret-call-secret" } })
    key = setups.key("a")
    gateway.keys[key] = setups.valid()
    gateway:handler("keycloak-principal"):init_worker()
    sent, answer_with = {}, { status = 204 }
    gateway.http[setups.USAGE_URL] = function(params)
      sent[#sent + 1] = { body = cjson.decode(params.body), headers = params.headers, text = params.body }
      if answer_with then
        return answer_with
      end
      return nil, "connection refused"
    end
  end)

  local function send(headers, more)
    local request = more or {}
    request.headers = headers
    return gateway:send(plugins, request)
  end

  local function tick(seconds)
    gateway:pass(seconds or 5)
    gateway.every["gatehouse-usage"](false)
  end

  local function by_token(changes)
    return { authorization = "Bearer " .. tokens.sign(tokens.claims(gateway.clock.now, changes)) }
  end

  it("is counted by key, user, service, status and reason, and posted", function()
    for _ = 1, 3 do
      send({ ["x-api-key"] = key })
    end
    send({ ["x-api-key"] = key }, { upstream_status = 500 })
    send({ ["x-api-key"] = key }, { service = "media-api" })
    send(by_token())
    send({})
    send({ authorization = "Bearer broken" })
    tick()
    assert.equal(1, #sent)
    local batch = sent[1].body
    assert.equal("node-1", batch.node)
    assert.equal("2023-11-14T22:13:20Z", batch.from)
    assert.equal("2023-11-14T22:13:25Z", batch.to)
    assert.matches("^%x+%-%x+%-5%x+%-%x+%-%x+$", batch.batch_id)
    assert.equal("Bearer call-secret-call-secret", sent[1].headers.Authorization)
    local lines = {}
    for _, item in ipairs(batch.items) do
      lines[#lines + 1] = table.concat({
        item.key_id and "key" or "-", item.user_id and "user" or "-", item.service, item.status, item.reason or "-", item.count,
      }, " ")
    end
    table.sort(lines)
    assert.same({
      "- - llm-api 401 malformed 1",
      "- - llm-api 401 missing 1",
      "- user llm-api 200 - 1",
      "key user llm-api 200 - 3",
      "key user llm-api 500 - 1",
      "key user media-api 200 - 1",
    }, lines)
  end)

  it("holds nothing secret", function()
    local headers = by_token()
    send(headers)
    send({ ["x-api-key"] = key })
    tick()
    assert.is_nil(sent[1].text:find(key, 1, true))
    assert.is_nil(sent[1].text:find("eyJ", 1, true))
  end)

  it("says whose request was refused for its scope", function()
    gateway.keys[key] = setups.valid({ scopes = { "media" } })
    send({ ["x-api-key"] = key })
    tick()
    local item = sent[1].body.items[1]
    assert.same({ 403, "insufficient-scope" }, { item.status, item.reason })
    assert.equal(setups.valid().key_id, item.key_id)
  end)

  it("is not posted before its time, nor when there is none", function()
    tick()
    assert.equal(0, #sent)
    send(by_token())
    tick(4)
    assert.equal(0, #sent)
    tick(1)
    assert.equal(1, #sent)
    tick(10)
    assert.equal(1, #sent)
  end)

  it("of public routes is not counted", function()
    plugins[3] = { gateway:handler("keycloak-principal"), gateway:config("keycloak-principal", { access = "public" }) }
    send({})
    tick()
    assert.equal(0, #sent)
  end)

  it("is kept and sent again under the same id until auth-api has it", function()
    for _, broken in ipairs({ false, { status = 500 }, { status = 401 }, { status = 503 } }) do
      answer_with = broken
      local first = #sent + 1
      send(by_token())
      tick()
      answer_with = { status = 200 }
      tick(60)
      assert.equal(first + 1, #sent)
      assert.equal(sent[first].text, sent[first + 1].text)
    end
  end)

  it("waits longer each time that auth-api does not answer", function()
    answer_with = false
    send(by_token())
    for _ = 1, 120 do
      tick(1)
    end
    assert.is_true(#sent >= 5 and #sent <= 10, #sent .. " attempts in two minutes")
  end)

  it("that auth-api will never take is given up", function()
    answer_with = { status = 400 }
    send(by_token())
    tick()
    tick(60)
    assert.equal(1, #sent)
  end)

  it("waits in order, and not without bound", function()
    answer_with = false
    for i = 1, 210 do
      send(by_token({ sub = "user-" .. i }))
      tick()
    end
    sent, answer_with = {}, { status = 204 }
    tick(60)
    assert.equal(200, #sent)
    assert.equal("user-11", sent[1].body.items[1].user_id)
    assert.equal("user-210", sent[200].body.items[1].user_id)
    local left = 0
    for _, name in ipairs(gateway.shared.gatehouse:get_keys()) do
      left = left + (name:find("^usage:batch:") and 1 or 0)
    end
    assert.equal(0, left)
  end)

  it("of very many comes in several batches", function()
    for i = 1, 1200 do
      send({ authorization = "Bearer broken" }, { service = "service-" .. i })
    end
    tick()
    assert.same({ 500, 500, 200 }, { #sent[1].body.items, #sent[2].body.items, #sent[3].body.items })
    assert.not_equal(sent[1].body.batch_id, sent[2].body.batch_id)
  end)

  it("of a worker that ends is left for another", function()
    send(by_token())
    gateway.every["gatehouse-usage"](true)
    assert.equal(0, #sent)
    tick(1)
    assert.equal(1, #sent)
  end)

  it("is sent by one worker at a time", function()
    gateway.shared.gatehouse:set("usage:lock", true, 30)
    send(by_token())
    tick()
    assert.equal(0, #sent)
    tick(30)
    assert.equal(1, #sent)
  end)

  it("survives a client that throws", function()
    gateway.http[setups.USAGE_URL] = function()
      error("broken")
    end
    send(by_token())
    tick()
    gateway.http[setups.USAGE_URL] = function()
      sent[1] = true
      return { status = 204 }
    end
    tick()
    assert.is_true(sent[1])
  end)
end)

describe("keycloak-principal: metrics", function()
  local gateway, plugins, counts, observed

  before_each(function()
    gateway = gateways.new()
    counts, observed = {}, {}
    local prometheus = {
      counter = function(_, name)
        return { inc = function(_, by, labels)
          local full = name .. (labels and ("{" .. table.concat(labels, ",") .. "}") or "")
          counts[full] = (counts[full] or 0) + by
        end }
      end,
      histogram = function(_, name, _, _, buckets)
        assert.is_true(#buckets > 5)
        return { observe = function(_, value)
          observed[#observed + 1] = name .. "=" .. value
        end }
      end,
    }
    package.loaded["kong.plugins.prometheus.exporter"] = { get_prometheus = function()
      return prometheus
    end }
    plugins = setups.all(gateway)
    gateway:handler("keycloak-principal"):init_worker()
  end)

  it("count what was let in and what was refused, by reason", function()
    local key, other = setups.key("a"), setups.key("b")
    gateway.keys[key] = setups.valid()
    gateway.keys[other] = setups.valid({ subject = "someone-else" })
    local token = "Bearer " .. tokens.sign(tokens.claims(gateway.clock.now))
    local expired = "Bearer " .. tokens.sign(tokens.claims(gateway.clock.now, { exp = gateway.clock.now - 1 }))
    for _, headers in ipairs({
      { authorization = token },
      { authorization = expired },
      { ["x-api-key"] = key },
      { ["x-api-key"] = setups.key("unknown") },
      { ["x-api-key"] = other, authorization = token },
      {},
    }) do
      gateway:send(plugins, { headers = headers })
    end
    assert.same({
      auth_jwt_success_total = 1,
      ["auth_jwt_failures_total{expired}"] = 1,
      auth_apikey_success_total = 1,
      ["auth_apikey_failures_total{unknown-key}"] = 1,
      auth_confused_deputy_total = 1,
      auth_missing_total = 1,
      ["auth_refused_total{people,expired}"] = 1,
      ["auth_refused_total{people,unknown-key}"] = 1,
      ["auth_refused_total{people,confused-deputy}"] = 1,
      ["auth_refused_total{people,missing}"] = 1,
    }, counts)
    assert.equal(6, #observed)
    assert.equal("auth_latency_ms=0", observed[1])
  end)

  it("name no route where none matched, and count it when the gateway itself cannot vouch for anybody", function()
    gateway.route = nil
    plugins[3][2].identity_secret = ""
    gateway:send(plugins, { headers = { authorization = "Bearer " .. tokens.sign(tokens.claims(gateway.clock.now)) } })
    assert.equal(1, counts["auth_refused_total{none,not-configured}"])
  end)

  it("say nothing of public routes", function()
    plugins = { { gateway:handler("keycloak-principal"), gateway:config("keycloak-principal", { access = "public" }) } }
    gateway:send(plugins, {})
    assert.same({}, counts)
  end)

  it("are not needed", function()
    gateway = gateways.new()
    plugins = setups.all(gateway)
    gateway:handler("keycloak-principal"):init_worker()
    assert.equal(401, gateway:send(plugins, {}).status)
  end)
end)
