--- As much of Kong's schema rules as our schemas use: unknown fields, defaults, and the checks of a field.
local _M = {}

local function typedef(more)
  return setmetatable(more, {
    __call = function(_, changes)
      local copy = {}
      for key, value in pairs(more) do
        copy[key] = value
      end
      for key, value in pairs(changes) do
        copy[key] = value
      end
      return copy
    end,
  })
end

_M.typedefs = {
  no_consumer = typedef({ type = "foreign" }),
  protocols_http = typedef({ type = "set" }),
  url = typedef({ type = "string", match = "^https?://[^%s]+$" }),
  header_name = typedef({ type = "string", match = "^[%w%-_]+$" }),
}

local check

local function is_reference(value)
  return type(value) == "string" and value:match("^{vault://.+}$") ~= nil
end

local function check_string(field, value)
  if type(value) ~= "string" then
    return "expected a string"
  end
  if field.referenceable and is_reference(value) then
    return nil
  end
  if value == "" and not field.len_min then
    return "length must be at least 1"
  end
  if field.len_min and #value < field.len_min then
    return "length must be at least " .. field.len_min
  end
  if field.match and not value:match(field.match) then
    return "invalid value"
  end
  if field.uuid and not value:match("^%x+%-%x+%-%x+%-%x+%-%x+$") then
    return "expected a valid UUID"
  end
end

local function check_list(field, value)
  if type(value) ~= "table" then
    return "expected an array"
  end
  if field.len_min and #value < field.len_min then
    return "length must be at least " .. field.len_min
  end
  for i = 1, #value do
    local err = check(field.elements, value[i])
    if err then
      return err
    end
  end
end

local function check_map(field, value)
  if type(value) ~= "table" then
    return "expected a map"
  end
  for key, item in pairs(value) do
    local err = check(field.keys, key) or check(field.values, item)
    if err then
      return err
    end
  end
end

local function check_record(field, value)
  if type(value) ~= "table" then
    return "expected a record"
  end
  local _, errors = _M.fill(field.fields, value)
  if next(errors) then
    return errors
  end
end

local BY_TYPE = {
  string = check_string,
  array = check_list,
  map = check_map,
  record = check_record,
  boolean = function(_, value)
    return type(value) ~= "boolean" and "expected a boolean" or nil
  end,
  number = function(_, value)
    return type(value) ~= "number" and "expected a number" or nil
  end,
}

function check(field, value)
  local err = BY_TYPE[field.type](field, value)
  if err then
    return err
  end
  if field.between and (value < field.between[1] or value > field.between[2]) then
    return "value should be between " .. field.between[1] .. " and " .. field.between[2]
  end
  if field.one_of then
    for i = 1, #field.one_of do
      if field.one_of[i] == value then
        return nil
      end
    end
    return "expected one of: " .. table.concat(field.one_of, ", ")
  end
end

local function defaults_of_record(field)
  if field.type == "record" and field.required then
    return {}
  end
end

--- @return the configuration with its defaults, and the errors by field
function _M.fill(fields, given)
  local known, full, errors = {}, {}, {}
  for i = 1, #fields do
    local name, field = next(fields[i])
    known[name] = true
    local value = given[name]
    if value == nil then
      value = field.default
    end
    if value == nil then
      value = defaults_of_record(field)
    end
    if value == nil then
      errors[name] = field.required and "required field missing" or nil
    else
      errors[name] = check(field, value)
      if field.type == "record" and type(value) == "table" then
        value = _M.fill(field.fields, value)
      end
      full[name] = value
    end
  end
  for name in pairs(given) do
    if not known[name] then
      errors[name] = "unknown field"
    end
  end
  return full, errors
end

--- @return the full configuration, or nil and the errors by field
function _M.validate(schema, given)
  local config
  for i = 1, #schema.fields do
    config = schema.fields[i].config or config
  end
  local full, errors = _M.fill(config.fields, given)
  for _, entry in ipairs(schema.entity_checks or {}) do
    local rule = entry.conditional
    local name = rule.then_field:match("^config%.(.+)$")
    if full[rule.if_field:match("^config%.(.+)$")] == rule.if_match.eq and full[name] == nil then
      errors[name] = "required field missing"
    end
  end
  if next(errors) then
    return nil, errors
  end
  return full
end

return _M
