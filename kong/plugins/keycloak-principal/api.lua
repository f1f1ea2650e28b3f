--- PUT, DELETE /keycloak-principal/blocked/{subject}: one person, at once.
-- PUT /keycloak-principal/blocked {subjects, deleted?, until?, as_of?}: the whole list, for a node that restarted.
-- GET /keycloak-principal/node {boot_id, blocked}: a new boot id asks for the list.
local blocked = require "kong.plugins.gatehouse.blocked"
local blocked_feed = require "kong.plugins.keycloak-principal.blocked_feed"
local store = require "kong.plugins.gatehouse.store"
local text = require "kong.plugins.gatehouse.text"
local time = require "kong.plugins.gatehouse.time"

local MOST_SUBJECTS = 100000

local function bad_request(message)
  return kong.response.exit(400, { message = message })
end

--- Seconds since 1970, or ISO 8601. @return the seconds, nil where nothing was sent, or nil and an error
local function instant(value, name)
  if value == nil or value == ngx.null or value == "" then
    return nil
  end
  local seconds = tonumber(value) or time.parse(value)
  if not seconds then
    return nil, name .. ": seconds since 1970, or an ISO 8601 time in UTC"
  end
  return seconds
end

local function answer(ok, err)
  if not ok then
    kong.log.err("blocked subjects: ", err)
    return kong.response.exit(503, { message = "the node has no memory left for it" })
  end
  return kong.response.exit(204)
end

local function are_subjects(list)
  if type(list) ~= "table" or #list > MOST_SUBJECTS then
    return false
  end
  local n = 0
  for _, subject in pairs(list) do
    n = n + 1
    if not text.is_subject(subject) then
      return false
    end
  end
  return n == #list
end

local function put_one(self)
  local subject = text.unescape(tostring(self.params.subject))
  local until_s, err = instant(self.params["until"], "until")
  if err or not text.is_subject(subject) then
    return bad_request(err or "subject: up to 255 printable ASCII characters")
  end
  local reason = self.params.reason
  return answer(blocked_feed.push({
    subject = subject,
    blocked = true,
    until_s = until_s,
    reason = type(reason) == "string" and reason or nil,
  }))
end

local function delete_one(self)
  return answer(blocked_feed.push({ subject = text.unescape(tostring(self.params.subject)), blocked = false }))
end

local function put_all(self)
  local subjects, deleted = self.params.subjects, self.params.deleted
  if not are_subjects(subjects) then
    return bad_request("subjects: a list of subjects")
  end
  if deleted ~= nil and not are_subjects(deleted) then
    return bad_request("deleted: those of the subjects who are deleted")
  end
  local until_s, err = instant(self.params["until"], "until")
  local as_of, fault = instant(self.params.as_of, "as_of")
  if err or fault then
    return bad_request(err or fault)
  end
  return answer(blocked_feed.push({ subjects = subjects, deleted = deleted, until_s = until_s, as_of = as_of }))
end

return {
  ["/keycloak-principal/blocked/:subject"] = { PUT = put_one, DELETE = delete_one },
  ["/keycloak-principal/blocked"] = { PUT = put_all },
  ["/keycloak-principal/node"] = {
    GET = function()
      return kong.response.exit(200, { boot_id = store.boot_id(), blocked = blocked.count() })
    end,
  },
}
