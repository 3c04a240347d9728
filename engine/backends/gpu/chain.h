// SPDX-License-Identifier: MIT
// Element-wise nodes written as the C text that a kernel applies to each result.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/backends/gpu/program_builder.h"

namespace facet::gpu {

// `node` applied to the running value, which is its input `tail`.
struct Link {
    const Node* node = nullptr;
    size_t tail = 0;
};

// What CHAIN(v, i, c) becomes for a step whose results have the shape of `result`: v is the
// result, i its row-major index over all rows, c its channel.
class Chain {
  public:
    // The bias of a convolution, then `first`, then the step's followers.
    Chain(ProgramBuilder& builder, const PlannedStep& step, std::vector<Link> first = {});

    // CHAIN, CHAIN_PARAMS and the function behind them; equal chains share it.
    void define(KernelSpec& spec) const;
    // After the arguments of the kernel's own.
    void append_arguments(std::vector<BufferId>& arguments) const;

  private:
    void append_bias(const Node& node);
    void append(const Link& link);
    [[nodiscard]] std::string operand(ValueId value);
    [[nodiscard]] std::string parameter(BufferId buffer, Storage storage);

    ProgramBuilder& builder_;
    const Shape item_;
    std::string statements_;
    std::vector<std::pair<BufferId, Storage>> parameters_;
};

// The links of an element-wise step's own node, and the input they start from.
struct Start {
    ValueId source = 0;
    Link link;
};
[[nodiscard]] Start start_of(const ProgramBuilder& builder, const Node& node);

// C text of the functions of one element, of v.
[[nodiscard]] std::string activation_text(const ActivationParams& params);

}  // namespace facet::gpu
