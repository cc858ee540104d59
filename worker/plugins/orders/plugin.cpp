#include "worker/plugins/orders/handler.h"

HOLDFAST_PLUGIN(holdfast::orders::OrderHandler, "orders", HOLDFAST_PLUGIN_VERSION, "orders");
