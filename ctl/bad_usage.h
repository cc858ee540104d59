#pragma once

#include <stdexcept>

namespace holdfast::ctl {

/// Wrong input of the user's, such as a URL that is none: one line for people.
class BadUsage : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace holdfast::ctl
