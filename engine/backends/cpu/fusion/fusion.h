// SPDX-License-Identifier: MIT
// Which nodes run as one step: a producer and the element-wise nodes that follow it alone.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/graph/graph.h"

namespace facet::cpu {

// A node applied to the result of the step before it is stored.
struct Follower {
    // kLink: any element-wise node of an integer step, see integer_chain.h.
    enum class Kind { kActivation, kPRelu, kResidual, kBias, kLink };
    Kind kind = Kind::kActivation;
    size_t node = 0;
    ValueId other = kNoValue;  // kResidual: what is added; kBias, kPRelu: the constant
};

struct PlannedStep {
    size_t node = 0;
    std::vector<Follower> followers;
    int winograd_tile = 0;  // of a convolution that Facet's Winograd loops run; 0: oneDNN does
    bool gathered = false;  // a convolution that Facet's gathered loops run
    bool bf16 = false;      // a convolution that oneDNN runs on bfloat16 numbers
    bool integer = false;   // computes on bytes, see integer_fusion.h
    // Of pixels: a convolution, or a pooling of one, that Facet's pixel loops run, see
    // pixel_step.h.
    bool pixels = false;
    // What is computed with this step: the depthwise convolution of a pointwise one on Facet's
    // separable loops; what comes before the last node of a step of pixels.
    std::vector<PlannedStep> producers;
};

// Steps in an order in which each finds its inputs computed. Independent of the batch size.
// Convolutions take [residual] then activations or PRelus; matrix products with a constant second
// factor take [bias] then activations; element-wise nodes take activations. Nodes of `planned`
// steps are left to them; each such step comes where its last node stands.
[[nodiscard]] std::vector<PlannedStep> plan_steps(const Graph& graph,
                                                  std::vector<PlannedStep> planned = {});

// How often each value is read, counting a graph output as a reader.
[[nodiscard]] std::vector<int> count_readers(const Graph& graph);

}  // namespace facet::cpu
