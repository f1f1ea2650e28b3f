--- POST /keycloak-jwt/keys/refresh: the realm's keys changed, read them again now.
local cluster = require "kong.plugins.gatehouse.cluster"
local jwks = require "kong.plugins.keycloak-jwt.jwks"

return {
  ["/keycloak-jwt/keys/refresh"] = {
    POST = function()
      cluster.broadcast("gatehouse:jwks", { refresh = true })
      local count, err = jwks.refresh_now()
      if not count then
        return kong.response.exit(503, { message = "the keys could not be read: " .. tostring(err) })
      end
      return kong.response.exit(200, { refreshed = count })
    end,
  },
}
