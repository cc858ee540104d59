-- The request that every HTTP benchmark sends: a small order to the echo service.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"customer":"c-42","lines":[{"sku":"tea-250","quantity":2}],"currency":"EUR","pad":"'
    .. string.rep("x", 215) .. '"}'
