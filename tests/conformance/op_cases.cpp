// SPDX-License-Identifier: MIT
// The one table of cases, from its parts.
#include "tests/conformance/op_cases.h"

#include "tests/conformance/case_lists.h"

namespace facet::testing {

const std::vector<OpCase>& op_cases() {
    static const OpCases cases = [] {
        OpCases all;
        append_convolution_cases(all);
        append_fusion_cases(all);
        append_pooling_cases(all);
        append_elementwise_cases(all);
        append_layout_cases(all);
        append_quantised_cases(all);
        append_detection_cases(all);
        return all;
    }();
    return cases;
}

}  // namespace facet::testing
