--- DELETE /keycloak-apikey/keys/{sha256}: the key is revoked; refused from the next request on.
-- POST /keycloak-apikey/keys/{sha256}/refresh: something about it changed; auth-api is asked again.
local invalidation = require "kong.plugins.keycloak-apikey.invalidation"

local function push(params, revoked)
  local sha = tostring(params.sha256):lower()
  if #sha ~= 64 or sha:find("[^0-9a-f]") then
    return kong.response.exit(400, { message = "sha256: 64 hexadecimal digits" })
  end
  local ok, err = invalidation.push(sha, revoked)
  if not ok then
    kong.log.err("mark key: ", err)
    return kong.response.exit(503, { message = "the node has no memory left for it" })
  end
  return kong.response.exit(204)
end

return {
  ["/keycloak-apikey/keys/:sha256"] = {
    DELETE = function(self)
      return push(self.params, true)
    end,
  },
  ["/keycloak-apikey/keys/:sha256/refresh"] = {
    POST = function(self)
      return push(self.params, false)
    end,
  },
}
