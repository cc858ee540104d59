#include "load/result/profile.h"

namespace holdfast::load {

Duration LoadProfile::Length() const {
    Duration length{};
    if (mode == LoadMode::kFindLimit) return length;
    for (const Stage& stage : stages) length += stage.length;
    return length;
}

}  // namespace holdfast::load
