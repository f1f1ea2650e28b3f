--- Says something at most once a minute in each worker, so that a flood of requests is no flood in the log.
local said = {}

return function(key, log, ...)
  local now = ngx.now()
  if (said[key] or 0) + 60 > now then
    return
  end
  said[key] = now
  log(...)
end
