-- As post.lua, on a connection of its own for each request.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "post.lua")
wrk.headers["Connection"] = "close"
