#pragma once

#include "worker/plugins/orders/database.h"

namespace holdfast::orders {

/// Creates the file if needed and brings it to the schema that this code knows, in WAL mode, and
/// puts the sample articles in when `seed` says so and there are none yet. Several processes may do
/// this at once on a missing file: one does the work, the others wait and find it done. Throws
/// DatabaseError, or std::runtime_error when the file belongs to a later version.
void PrepareSchema(const DatabaseOptions& options, bool seed, const Patience& patience);

}  // namespace holdfast::orders
