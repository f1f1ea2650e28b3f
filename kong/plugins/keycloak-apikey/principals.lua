--- A verdict as a principal; made once in each worker and kept while the verdict is the same, for what is derived from
-- it (proofs, headers) is kept with it.
local lrucache = require "resty.lrucache"
local text = require "kong.plugins.gatehouse.text"

local _M = {}

local known = assert(lrucache.new(10000))

local function principal_of(verdict)
  local scopes = {}
  for i = 1, #verdict.scopes do
    scopes[verdict.scopes[i]] = true
  end
  return {
    method = "apikey",
    id = verdict.id,
    username = text.clean(verdict.username) or verdict.id,
    email = text.clean(verdict.email),
    email_verified = verdict.email_verified,
    guest = verdict.guest,
    roles = verdict.roles,
    scope = table.concat(verdict.scopes, " "),
    scopes = scopes,
    tier = verdict.tier,
    key_id = verdict.key_id,
    cid = text.header_safe(verdict.key_id),
    exp = verdict.expires_at,
    credential = { id = verdict.key_id },
  }
end

function _M.of(sha, verdict)
  local entry = known:get(sha)
  if entry and entry.verdict == verdict then
    return entry.principal
  end
  local principal = principal_of(verdict)
  known:set(sha, { verdict = verdict, principal = principal })
  return principal
end

return _M
