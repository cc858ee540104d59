#pragma once

#include <string_view>

namespace holdfast::gateway::ops {

struct Asked;

/// Whether a browser may be asking on behalf of a page of another site, which can reach what only
/// this machine can. Such a page may post anything, but its browser adds the page's Origin. And its
/// name may lead here (DNS rebinding): then Origin and Host agree, but are a name that is not ours.
bool FromAnotherSite(const Asked& asked);

}  // namespace holdfast::gateway::ops
