// SPDX-License-Identifier: MIT
// The plugin: what GStreamer loads, and the list of its elements.
#include <gst/gst.h>

#include "gst/log_bridge.h"

// Every element, one line each: the name it is registered under.
// clang-format off
#define FACET_ELEMENTS(element) \
    element(facetdetect) \
    element(facetclassify) \
    element(facetoverlay) \
    element(facetpublish) \
    element(facettestsrc) \
    element(facetverify)
// clang-format on

#define FACET_DECLARE(name) GST_ELEMENT_REGISTER_DECLARE(name);
#define FACET_REGISTER(name) ok = (GST_ELEMENT_REGISTER(name, plugin) != FALSE) && ok;

FACET_ELEMENTS(FACET_DECLARE)

static gboolean plugin_init([[maybe_unused]] GstPlugin* plugin) {
    facet::bridge_engine_log();
    bool ok = true;
    FACET_ELEMENTS(FACET_REGISTER)
    return ok ? TRUE : FALSE;
}

#define PACKAGE "facet"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, facet,
                  "Finds faces and classifies them in dynamic batches", plugin_init, FACET_VERSION,
                  "MIT/X11", "facet", "facet")
