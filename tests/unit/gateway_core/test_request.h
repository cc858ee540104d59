#pragma once

#include <string>
#include <utility>

#include "gateway/core/deferred_result.h"

namespace holdfast::gateway {

inline const Route& AnyRoute() {
    static const Route route = [] {
        Route any;
        any.path = "/any";
        any.service = "any";
        return any;
    }();
    return route;
}

/// A request with nothing in it, for tests of what does not look inside.
inline DeferredRef EmptyDeferred(Permit permit = {}) {
    Request request;
    request.route = &AnyRoute();
    return DeferredResult::Create(std::move(request), std::move(permit), 0, nullptr);
}

}  // namespace holdfast::gateway
