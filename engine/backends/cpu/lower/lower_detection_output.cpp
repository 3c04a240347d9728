// SPDX-License-Identifier: MIT
// DetectionOutput on Facet's own loop.
#include "engine/backends/cpu/loops/detection_loop.h"
#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

namespace {

// The loop reads what the reference's own checks let pass; anything else is for them to refuse.
bool fits(const ProgramBuilder& builder, const Node& node, const DetectionOutputParams& params) {
    if (!DetectionLoop::supports(params) || node.inputs.size() != 3) return false;
    for (const ValueId id : node.inputs)
        if (id == kNoValue || builder.graph().value(id).type != DataType::kF32) return false;
    const Shape priors = builder.shape(node.inputs[2]);
    if (priors.rank() != 3 || priors[1] != (params.variance_encoded_in_target ? 1 : 2) ||
        (priors[0] != 1 && priors[0] != builder.rows()))
        return false;
    const int64_t count = priors[2] / 4;
    const int64_t boxes = count * (params.share_location ? 1 : params.num_classes);
    return builder.shape(node.inputs[0]).elements() == builder.rows() * boxes * 4 &&
           builder.shape(node.inputs[1]).elements() == builder.rows() * count * params.num_classes;
}

}  // namespace

Result<void> lower_detection_output(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<DetectionOutputParams>(node.params);
    if (!fits(builder, node, params)) return lower_by_reference(builder, step);

    const Shape list = builder.shape(node.outputs[0]), priors = builder.shape(node.inputs[2]);
    const DetectionLoop::Extents extents{.priors = priors[2] / 4,
                                         .prior_step = priors[0] == 1 ? 0 : priors[1] * priors[2],
                                         .capacity = list[2]};
    const int64_t rows = list[0];
    const int64_t logits_step = builder.shape(node.inputs[0]).elements() / rows;
    const int64_t scores_step = builder.shape(node.inputs[1]).elements() / rows;
    const int64_t list_step = list.elements() / rows;
    const BufferId result = builder.allocate(list.elements() * sizeof(float));
    builder.add_loop(
        {builder.plain(node.inputs[0]).buffer, builder.plain(node.inputs[1]).buffer,
         builder.plain(node.inputs[2]).buffer, result},
        [=, loop = DetectionLoop(params, extents)](std::span<void* const> at) -> Result<void> {
            for (int64_t row = 0; row < rows; ++row)
                loop.run(row, static_cast<const float*>(at[0]) + row * logits_step,
                         static_cast<const float*>(at[1]) + row * scores_step,
                         static_cast<const float*>(at[2]),
                         static_cast<float*>(at[3]) + row * list_step);
            return {};
        });
    builder.define(node.outputs[0], {result, builder.plain_layout(node.outputs[0])});
    return builder.lower_followers(step);
}

}  // namespace facet::cpu
