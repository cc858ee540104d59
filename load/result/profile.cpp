#include "load/result/profile.h"

namespace holdfast::load {

bool LoadProfile::LastsTooLong() const {
    Duration left = kLongest;  // counted down: the sum of a hostile file's stages may overflow
    for (const Stage& stage : stages) {
        if (stage.length > left) return true;
        left -= stage.length;
    }
    return false;
}

Duration LoadProfile::Length() const {
    Duration length{};
    if (mode == LoadMode::kFindLimit) return length;
    for (const Stage& stage : stages) length += stage.length;
    return length;
}

}  // namespace holdfast::load
