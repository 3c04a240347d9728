// SPDX-License-Identifier: MIT
// Findings as JSON (schema "facet-verify/1"; docs/elements/facetverify.md) and as a GstStructure.
#pragma once

#include <gst/gst.h>

#include <string>

#include "elements/verify/verifier.h"

namespace facet {

// Indented, with a line break at its end. "counts" holds nothing but numbers and objects of them,
// so that reports of several streams can be added up; "figures" follow from the counts, null where
// there is nothing to divide by. Reentrant.
[[nodiscard]] std::string report_json(const std::string& stream, const Findings& findings);

// "facet-verify": the main counts (uint64) and those figures (double) that exist; transfer full.
[[nodiscard]] GstStructure* report_structure(const std::string& stream, const Findings& findings);

}  // namespace facet
