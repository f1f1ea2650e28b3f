--- Runs a table of configurations against a plugin's schema. busted gives its words to spec files alone, hence `words`.
local assert = require "luassert"
local gateways = require "spec.support.gateway"
local schema = require "spec.support.schema"

local function copy(base, changes)
  local result = {}
  for name, value in pairs(base) do
    result[name] = value
  end
  for name, value in pairs(changes) do
    if value == "NONE" then
      result[name] = nil
    else
      result[name] = value
    end
  end
  return result
end

return function(words, name, cases)
  local describe, it, before_each = words.describe, words.it, words.before_each
  describe(name .. ": a configuration", function()
    local rules

    before_each(function()
      gateways.new()
      rules = require("kong.plugins." .. name .. ".schema")
    end)

    it("has the defaults of the design", function()
      local full, errors = schema.validate(rules, cases.least)
      assert.is_nil(errors)
      for field, value in pairs(cases.defaults) do
        assert.same(value, full[field], field)
      end
    end)

    it("of another access needs nothing else", function()
      assert.is_nil(select(2, schema.validate(rules, { access = "public" })))
      assert.is_nil(select(2, schema.validate(rules, { access = "consumer" })))
    end)

    for _, changes in ipairs(cases.accepted or {}) do
      it("is accepted with " .. next(changes), function()
        assert.is_nil(select(2, schema.validate(rules, copy(cases.least, changes))))
      end)
    end

    for _, changes in ipairs(cases.refused) do
      local field, value = next(changes)
      it(("is refused with %s = %s"):format(field, tostring(value)), function()
        local full, errors = schema.validate(rules, copy(cases.least, changes))
        assert.is_nil(full)
        assert.is_truthy(errors[field])
      end)
    end

    it("is not for single consumers, and for HTTP alone", function()
      assert.equal("foreign", rules.fields[1].consumer.type)
      assert.equal(name, rules.name)
      assert.is_truthy(rules.fields[2].protocols)
    end)
  end)
end
