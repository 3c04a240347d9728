// SPDX-License-Identifier: MIT
// How primitives of one image are cut into bands of its height, one for each thread of a team.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "engine/backends/cpu/onednn/onednn_api.h"

namespace facet::cpu {

// Of a primitive that computes some lines of a result's height alone.
struct StepBand {
    onednn::Candidate candidate;
    int64_t source_first = 0, source_count = 0;  // the lines of its source
    std::vector<int> like_result = {};           // other arguments that have the result's lines
};
// For lines [first, first + count) of the result; nothing where it cannot be cut.
using BandCut = std::function<std::optional<StepBand>(int64_t first, int64_t count)>;

// All layouts are those of the primitive that does the whole.
[[nodiscard]] BandCut cut_convolution(onednn::ConvolutionRequest request,
                                      const onednn::PostOps& post_ops,
                                      const onednn::Requantization& requantization = {});
[[nodiscard]] BandCut cut_pooling(const onednn::PoolingRequest& request);
[[nodiscard]] BandCut cut_reorder(const onednn::Desc& source, const onednn::Desc& result);
// `make` describes the primitive for a band of `layout`, which source, result and `others` have.
[[nodiscard]] BandCut cut_elementwise(const onednn::Desc& layout,
                                      std::function<onednn::Candidate(const onednn::Desc&)> make,
                                      std::vector<int> others = {});

}  // namespace facet::cpu
