// SPDX-License-Identifier: MIT
// GParamSpecs of numbers that do not swallow a value outside their range.
//
// GObject answers such a value with a warning on the terminal and keeps the old one: the pipeline
// plays on with a setting nobody asked for. These let it through, so that the element can say so on
// the bus; to gst-inspect they look as ever.
#pragma once

#include <gst/gst.h>

#include "engine/base/result.h"

namespace facet {

// As g_param_spec_int() and g_param_spec_double(); floating.
[[nodiscard]] GParamSpec* ranged_int_spec(const char* name, const char* nick, const char* blurb,
                                          int least, int most, int fallback, GParamFlags flags);
[[nodiscard]] GParamSpec* ranged_double_spec(const char* name, const char* nick, const char* blurb,
                                             double least, double most, double fallback,
                                             GParamFlags flags);

// kInvalidArgument "property 'max-batch': 5000 is outside 1..2048" where the spec is one of these.
[[nodiscard]] Result<void> check_range(GParamSpec* spec, const GValue* value);
// The same for every such property of the object; for its start.
[[nodiscard]] Result<void> check_ranges(GObject* object);

}  // namespace facet
