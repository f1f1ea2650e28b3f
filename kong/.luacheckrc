std = "ngx_lua"
globals = { "kong" }
self = false
unused_args = false
max_line_length = 125
files["spec"] = { std = "+busted", globals = { "kong", "ngx" }, max_line_length = 170 }
