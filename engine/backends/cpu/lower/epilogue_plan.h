// SPDX-License-Identifier: MIT
// From a step's followers to what Facet's convolution loops do before they store a result.
#pragma once

#include <optional>

#include "engine/backends/cpu/convolution/channel_epilogue.h"
#include "engine/backends/cpu/lower/program_builder.h"

namespace facet::cpu {

// As far as it does not depend on where memory lies.
struct EpiloguePlan {
    ChannelEpilogue epilogue;
    ValueId bias = kNoValue, residual = kNoValue;
    ValueId slopes = kNoValue;  // one per channel
};

// Of a convolution's step; nothing where the loops cannot do what follows.
[[nodiscard]] std::optional<EpiloguePlan> plan_epilogue(const Graph& graph,
                                                        const PlannedStep& step);

// Where a result with the channels innermost goes; it holds the residual when the step runs.
[[nodiscard]] Location epilogue_destination(ProgramBuilder& builder, ValueId value,
                                            const EpiloguePlan& plan);

// The epilogue in a loop's hands: its constants are among the loop's buffers.
class EpilogueBinding {
  public:
    // Appends the constants to `buffers`.
    EpilogueBinding(ProgramBuilder& builder, const EpiloguePlan& plan,
                    std::vector<BufferId>& buffers);
    // With the addresses of the loop's buffers.
    [[nodiscard]] ChannelEpilogue at(std::span<void* const> addresses) const;

  private:
    ChannelEpilogue epilogue_;
    std::optional<size_t> bias_, slopes_;  // positions in the loop's buffers
};

}  // namespace facet::cpu
