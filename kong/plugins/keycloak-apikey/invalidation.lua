--- Push invalidation: what auth-api knows of a key has changed. Every worker of the node forgets it before the answer is
-- sent; with a database the other nodes are told too.
local cluster = require "kong.plugins.gatehouse.cluster"
local marks = require "kong.plugins.keycloak-apikey.marks"
local refused_keys = require "kong.plugins.keycloak-apikey.refused_keys"

local _M = {}

local function apply(sha, revoked)
  local ok, err
  if revoked then
    ok, err = marks.revoke(sha)
  else
    refused_keys.forget(sha)
    ok, err = marks.renew(sha)
  end
  kong.cache:invalidate_local(marks.cache_key(sha))
  return ok, err
end

--- @return true, or nil and an error
function _M.push(sha, revoked)
  local ok, err = apply(sha, revoked)
  cluster.broadcast(marks.CHANNEL, { sha = sha, revoked = revoked })
  return ok, err
end

function _M.subscribe()
  cluster.subscribe(marks.CHANNEL, function(message)
    apply(message.sha, message.revoked)
  end)
end

return _M
