#pragma once

#include <holdfast/worker/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A plugin written in C: answers the service's name, and the config as the header `x-config`. */
const holdfast_plugin_v1* CPlugin(void);

#ifdef __cplusplus
}
#endif
