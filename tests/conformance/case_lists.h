// SPDX-License-Identifier: MIT
// The parts of the case table; private to this folder.
#pragma once

#include "tests/conformance/case_builder.h"
#include "tests/conformance/op_cases.h"

namespace facet::testing {

using OpCases = std::vector<OpCase>;

void append_convolution_cases(OpCases& cases);
void append_fusion_cases(OpCases& cases);
void append_pooling_cases(OpCases& cases);
void append_elementwise_cases(OpCases& cases);
void append_layout_cases(OpCases& cases);
void append_quantised_cases(OpCases& cases);
void append_detection_cases(OpCases& cases);

// A case whose graph is written by write(builder), which returns the outputs.
template <typename Write>
OpCase make_case(const std::string& name, Write write) {
    OpCase result;
    result.name = name;
    result.build = [name, write] {
        CaseBuilder builder(name);
        for (const ValueId output : write(builder)) builder.output(output);
        return builder.build();
    };
    return result;
}

inline OpCase with_range(OpCase op_case, float low, float high) {
    op_case.low = low;
    op_case.high = high;
    return op_case;
}

inline OpCase with_tolerance(OpCase op_case, double tolerance) {
    op_case.tolerance = tolerance;
    return op_case;
}

}  // namespace facet::testing
