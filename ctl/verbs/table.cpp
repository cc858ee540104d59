#include <array>

#include "ctl/verb.h"

namespace holdfast::ctl {

std::span<Verb* const> AllVerbs() {
    static const std::array kVerbs = {
        &StatusVerb(),    //
        &HealthVerb(),    //
        &WorkersVerb(),   //
        &PingVerb(),      //
        &DescribeVerb(),  //
        &PendingVerb(),   //
        &MetricsVerb(),   //
        &ConfigVerb(),    //
        &DrainVerb(),     //
        &NewPluginVerb(),
        &KeygenVerb(),  //
    };
    return kVerbs;
}

}  // namespace holdfast::ctl
