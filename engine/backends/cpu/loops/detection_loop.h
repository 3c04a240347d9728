// SPDX-License-Identifier: MIT
// DetectionOutput as single-shot detectors use it: a list of boxes per row.
#pragma once

#include <cstdint>

#include "engine/graph/ops.h"

namespace facet::cpu {

// Gives what the reference backend's loops give, label by label, in double precision. Scratch
// memory is per thread: after its first run a thread allocates nothing. Reentrant.
class DetectionLoop {
  public:
    struct Extents {
        int64_t priors;  // per row
        int64_t
            prior_step;    // elements from a row's priors to the next one's; 0: all rows share them
        int64_t capacity;  // of a row's list
    };
    // Not for every node: see supports().
    DetectionLoop(const DetectionOutputParams& params, const Extents& extents)
        : params_(params), extents_(extents) {}

    // Normalised priors, every class by itself, and a threshold that boxes apart do not reach.
    [[nodiscard]] static bool supports(const DetectionOutputParams& params) {
        return params.normalized && !params.decrease_label_id && params.nms_threshold >= 0;
    }
    // Row `index` of the batch: its logits, scores and priors -> its list of capacity * 7 floats.
    void run(int64_t index, const float* logits, const float* scores, const float* priors,
             float* list) const;

  private:
    struct Scratch;
    void detect(int64_t label, const float* logits, const float* scores, const float* priors,
                Scratch& scratch) const;

    const DetectionOutputParams params_;
    const Extents extents_;
};

}  // namespace facet::cpu
