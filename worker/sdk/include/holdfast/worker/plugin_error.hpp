#pragma once

#include <stdexcept>

namespace holdfast::worker {

/// The plugin cannot be used; what() is one line for people.
class PluginError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace holdfast::worker
