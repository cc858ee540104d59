#pragma once

#include "load/result/result.h"

namespace holdfast::load {

/// Two minutes of an order flow in which a worker is killed, another stopped for five seconds, and
/// a container could not be restarted: errors of several kinds, a queue that builds up and drains,
/// samples of the gateway, thresholds of which one fails. The same in every run. Names and notes
/// are hostile: markup, quotes, bytes that are not UTF-8.
Result RichResult();
/// The first seconds of the same as a closed loop, without trouble or samples.
Result ClosedLoopResult();
/// A search for the limit whose generator could not keep up.
Result SearchResult();
/// An hour, to see what long runs come to.
Result LongResult();

}  // namespace holdfast::load
