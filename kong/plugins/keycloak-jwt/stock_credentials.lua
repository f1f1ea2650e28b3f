--- What Kong's own `jwt` remembers of a kid: its credential, or that there was none. A node is told of a change by the
-- database only seconds later, in which a withdrawn key would still let in, and a new one that somebody tried would not.
local _M = {}

--- @param kids a list, or anything else for none
function _M.forget(kids)
  local dao = kong.db.jwt_secrets
  if type(kids) ~= "table" or not dao then
    return
  end
  for i = 1, #kids do
    if type(kids[i]) == "string" then
      kong.cache:invalidate_local(dao:cache_key(kids[i]))
    end
  end
end

return _M
