--- Instants as ISO 8601 text and as seconds since 1970, without the C library.
local floor = math.floor

local _M = {}

--- Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's days_from_civil).
local function days_from_civil(y, m, d)
  if m <= 2 then
    y = y - 1
  end
  local era = floor(y / 400)
  local year_of_era = y - era * 400
  local day_of_year = floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5) + d - 1
  local day_of_era = year_of_era * 365 + floor(year_of_era / 4) - floor(year_of_era / 100) + day_of_year
  return era * 146097 + day_of_era - 719468
end

--- `2026-01-31T10:20:30.123Z` in seconds; nil for anything else.
function _M.parse(text)
  if type(text) ~= "string" then
    return nil
  end
  local y, mo, d, h, mi, s, rest = text:match("^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)([%d.]*)Z$")
  if not y or not (rest == "" or rest:match("^%.%d+$")) then
    return nil
  end
  local days = days_from_civil(tonumber(y), tonumber(mo), tonumber(d))
  local seconds = ((days * 24 + tonumber(h)) * 60 + tonumber(mi)) * 60 + tonumber(s)
  return rest == "" and seconds or seconds + tonumber("0" .. rest)
end

--- Seconds as `2026-01-31T10:20:30Z`.
function _M.format(seconds)
  seconds = floor(seconds)
  local days = floor(seconds / 86400)
  local rest = seconds - days * 86400
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local day = doy - floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local hour = floor(rest / 3600)
  local minute = floor((rest - hour * 3600) / 60)
  return string.format("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute, rest % 60)
end

return _M
