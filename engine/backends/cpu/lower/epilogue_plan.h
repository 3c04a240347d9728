// SPDX-License-Identifier: MIT
// From a step's followers to what Facet's convolution loops do before they store a result.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

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

// As epilogue_destination(), or the channels of the value that the result is alone joined to.
struct ResultPlace {
    Location location;
    int64_t first_channel = 0;
    int64_t pitch = 0;  // floats from a position to the next
};
[[nodiscard]] ResultPlace epilogue_place(ProgramBuilder& builder, ValueId value,
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

// Adds a convolution of Facet's own, with channels innermost, as a loop that threads share. Its
// result begins at a channel of `result`.
template <typename Convolution>
void add_convolution_loop(ProgramBuilder& builder, const Convolution& convolution,
                          const EpiloguePlan& plan, BufferId source, BufferId weights,
                          BufferId result, int64_t first_channel = 0) {
    std::vector<BufferId> buffers{source, weights, builder.allocate(convolution.scratch_bytes())};
    const EpilogueBinding epilogue(builder, plan, buffers);
    buffers.push_back(result);
    builder.add_shared_loop(std::move(buffers), [convolution, epilogue, first_channel](
                                                    std::span<void* const> at, Share share) {
        convolution.run(static_cast<const float*>(at[0]), static_cast<const float*>(at[1]),
                        epilogue.at(at), static_cast<float*>(at.back()) + first_channel,
                        static_cast<std::byte*>(at[2]), share);
    });
}

}  // namespace facet::cpu
