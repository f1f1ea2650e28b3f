--- POST /keycloak-jwt/keys/refresh {kids?}: the realm's keys changed, read them again now; where Kong's own `jwt` verifies,
-- forget what it remembers of these kids.
local cluster = require "kong.plugins.gatehouse.cluster"
local jwks = require "kong.plugins.keycloak-jwt.jwks"
local stock_credentials = require "kong.plugins.keycloak-jwt.stock_credentials"

return {
  ["/keycloak-jwt/keys/refresh"] = {
    POST = function(self)
      local kids = self.params.kids
      cluster.broadcast("gatehouse:jwks", { refresh = true, kids = kids })
      stock_credentials.forget(kids)
      local count, err = jwks.refresh_now()
      if not count then
        return kong.response.exit(503, { message = "the keys could not be read: " .. tostring(err) })
      end
      return kong.response.exit(200, { refreshed = count })
    end,
  },
}
