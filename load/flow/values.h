#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "load/flow/feeder.h"
#include "load/flow/random.h"
#include "load/flow/template.h"

namespace holdfast::load {

/// What templates are filled with: some of it the same for a process, some of it one journey's.
struct Values {
    const RunIdentity* identity = nullptr;
    std::uint64_t run_hash = 0;        ///< so that the uuids of two runs differ, whatever the seed
    std::uint64_t* counter = nullptr;  ///< values that this process has taken
    std::span<const Feeder> feeders;

    std::uint64_t journey = 0;
    std::string_view mark;
    Random* random = nullptr;
    std::span<const std::string> variables;
    std::span<const std::size_t> rows;  ///< by feeder
};

/// Appends the template to `out`, its values escaped as each part says.
void Fill(const Template& text, const Values& values, std::string& out);

void AppendNumber(std::uint64_t number, std::string& out);

}  // namespace holdfast::load
