local time = require "kong.plugins.gatehouse.time"

describe("instants", function()
  local KNOWN = {
    ["1970-01-01T00:00:00Z"] = 0,
    ["2000-02-29T12:30:15Z"] = 951827415,
    ["2023-11-14T22:13:20Z"] = 1700000000,
    ["2024-02-29T23:59:59Z"] = 1709251199,
    ["2024-03-01T00:00:00Z"] = 1709251200,
    ["2030-01-01T00:00:00Z"] = 1893456000,
    ["2100-02-28T23:59:59Z"] = 4107542399,
    ["2100-03-01T00:00:00Z"] = 4107542400,
  }
  for text, seconds in pairs(KNOWN) do
    it("read and written: " .. text, function()
      assert.equal(seconds, time.parse(text))
      assert.equal(text, time.format(seconds))
    end)
  end

  it("may have fractions", function()
    assert.equal(1700000000.25, time.parse("2023-11-14T22:13:20.25Z"))
  end)

  for _, text in ipairs({ "", "now", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14T22:13:20+01:00", "2023-11-14T22:13:20.Z" }) do
    it("are not: " .. text, function()
      assert.is_nil(time.parse(text))
    end)
  end

  it("are the same there and back for every day of a century", function()
    for day = 0, 36524 do
      assert(time.parse(time.format(day * 86400)) == day * 86400)
    end
  end)
end)
