#pragma once

#include <cstdint>
#include <optional>

#include "worker/plugins/orders/database.h"

namespace holdfast::orders {

/// Creates the file if needed and brings it to the schema that this code knows, in WAL mode, and
/// puts the sample articles in, `seed_stock` pieces of each, when it is given and there are none
/// yet. Several processes may do this at once on a missing file: one does the work, the others wait
/// and find it done. Throws DatabaseError, or std::runtime_error when the file belongs to a later
/// version.
void PrepareSchema(const DatabaseOptions& options, std::optional<std::int64_t> seed_stock,
                   const Patience& patience);

}  // namespace holdfast::orders
