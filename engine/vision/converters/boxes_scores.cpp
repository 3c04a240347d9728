// SPDX-License-Identifier: MIT
// "boxes-scores": one tensor of boxes, one of scores per class (UltraFace) -> detections.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/vision/converters/converter_kinds.h"
#include "engine/vision/nms.h"

namespace facet {
namespace {

struct Prior {
    float center_x, center_y, width, height;  // fractions of the input
};

// Source: Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB, vision/utils/box_utils.py,
// define_img_size() and generate_priors(): level by level, row by row, column by column, size by
// size. Cells share the picture evenly: where the stride does not divide it they are smaller.
std::vector<Prior> make_priors(const ConverterContext& context) {
    const OutputInfo& output = context.output;
    const auto width = static_cast<float>(context.input_width);
    const auto height = static_cast<float>(context.input_height);
    std::vector<Prior> priors;
    for (size_t level = 0; level < output.strides.size(); ++level) {
        const int stride = output.strides[level];
        const int columns = (context.input_width + stride - 1) / stride;
        const int rows = (context.input_height + stride - 1) / stride;
        for (int cell = 0; cell < rows * columns; ++cell) {
            const float x = (static_cast<float>(cell % columns) + 0.5f) / columns;
            const float y = (static_cast<float>(cell / columns) + 0.5f) / rows;
            for (const float size : output.min_sizes[level])
                priors.push_back(
                    {x, y, std::min(size / width, 1.0f), std::min(size / height, 1.0f)});
        }
    }
    return priors;
}

class BoxesScores final : public Converter {
  public:
    BoxesScores(const OutputInfo& output, size_t boxes_port, size_t scores_port,
                std::vector<Prior> priors)
        : output_(output),
          boxes_port_(boxes_port),
          scores_port_(scores_port),
          priors_(std::move(priors)) {}

    void convert(std::span<const TensorView> outputs, float threshold,
                 Converted& result) const override {
        const std::span<const float> boxes = outputs[boxes_port_].as<float>();
        const std::span<const float> scores = outputs[scores_port_].as<float>();
        const size_t classes = output_.labels.size();
        thread_local std::vector<BoxCandidate> candidates;
        candidates.clear();
        for (size_t i = 0; i * classes < scores.size(); ++i) {
            // Class 0 is the background.
            for (size_t label = 1; label < classes; ++label) {
                const float score = scores[i * classes + label];
                if (!std::isfinite(score) || score < threshold) continue;
                const Rect box = box_at(boxes.data() + 4 * i, i);
                if (!is_finite(box) || box.width <= 0 || box.height <= 0) continue;
                candidates.push_back({box, std::clamp(score, 0.0f, 1.0f), static_cast<int>(label),
                                      i * classes + label});
            }
        }
        non_maximum_suppression(candidates, output_.nms_threshold);
        for (const BoxCandidate& candidate : candidates) {
            Detection& detection = result.detections.emplace_back();
            detection.box = candidate.box;
            detection.confidence = candidate.confidence;
            detection.label_id = candidate.label_id;
            detection.label = output_.labels[candidate.label_id];
        }
    }

  private:
    [[nodiscard]] Rect box_at(const float* box, size_t i) const {
        if (output_.decoded) return {box[0], box[1], box[2] - box[0], box[3] - box[1]};
        const Prior& prior = priors_[i];
        const auto [center_variance, size_variance] = output_.variances;
        const float width = std::exp(box[2] * size_variance) * prior.width;
        const float height = std::exp(box[3] * size_variance) * prior.height;
        const float x = prior.center_x + box[0] * center_variance * prior.width;
        const float y = prior.center_y + box[1] * center_variance * prior.height;
        return {x - width / 2, y - height / 2, width, height};
    }

    const OutputInfo output_;
    const size_t boxes_port_, scores_port_;
    const std::vector<Prior> priors_;  // empty when the boxes are decoded
};

}  // namespace

MadeConverter make_boxes_scores(const ConverterContext& context) {
    const OutputInfo& output = context.output;
    FACET_ASSIGN(const std::vector<size_t> ports, context.find_layers(2));
    if (output.labels.size() < 2)
        return context.error(ErrorCode::kInvalidArgument, "labels",
                             "the background and at least one more are needed");
    const Shape& boxes = context.ports[ports[0]].row_shape;
    const Shape& scores = context.ports[ports[1]].row_shape;
    if (boxes.rank() != 3 || boxes[0] != 1 || boxes[2] != 4)
        return context.shape_error(ports[0], "[1,P,4]");
    const auto classes = static_cast<int64_t>(output.labels.size());
    if (scores != Shape{1, boxes[1], classes})
        return context.shape_error(
            ports[1], Shape{1, boxes[1], classes}.text() + ", a score per box and label");
    std::vector<Prior> priors;
    if (!output.decoded) {
        if (output.strides.empty() || output.strides.size() != output.min_sizes.size())
            return context.error(ErrorCode::kInvalidArgument, "min_sizes",
                                 "boxes that are not decoded need a list per stride");
        priors = make_priors(context);
        if (static_cast<int64_t>(priors.size()) != boxes[1])
            return context.error(ErrorCode::kInvalidArgument, "strides",
                                 "strides and min_sizes make " + std::to_string(priors.size()) +
                                     " priors, output '" + context.ports[ports[0]].name + "' has " +
                                     std::to_string(boxes[1]) + " boxes");
    }
    return std::unique_ptr<Converter>(
        new BoxesScores(output, ports[0], ports[1], std::move(priors)));
}

}  // namespace facet
