// SPDX-License-Identifier: MIT
// "yunet": class, objectness, box and key-point maps per stride -> detections with five landmarks.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/vision/converters/converter_kinds.h"
#include "engine/vision/nms.h"

namespace facet {
namespace {

constexpr int kLandmarks = 5;

// The outputs of one stride: ports and the grid they cover.
struct Level {
    size_t classes, objectness, boxes, key_points;
    int stride, columns, rows;
};

// Source: opencv/opencv, modules/objdetect/src/face_detect.cpp, postProcess().
class YuNet final : public Converter {
  public:
    YuNet(const ConverterContext& context, std::vector<Level> levels)
        : output_(context.output),
          levels_(std::move(levels)),
          input_width_(static_cast<float>(context.input_width)),
          input_height_(static_cast<float>(context.input_height)) {}

    void convert(std::span<const TensorView> outputs, float threshold,
                 Converted& result) const override {
        std::vector<Detection> candidates;
        for (const Level& level : levels_) {
            const std::span<const float> classes = outputs[level.classes].as<float>();
            const std::span<const float> objectness = outputs[level.objectness].as<float>();
            for (int cell = 0; cell < level.rows * level.columns; ++cell) {
                const float product = std::clamp(classes[cell], 0.0f, 1.0f) *
                                      std::clamp(objectness[cell], 0.0f, 1.0f);
                const float score = std::sqrt(product);
                if (!std::isfinite(score) || score < threshold) continue;
                Detection detection = detection_at(outputs, level, cell);
                if (!is_usable(detection)) continue;
                detection.confidence = score;
                candidates.push_back(std::move(detection));
            }
        }
        non_maximum_suppression(candidates, output_.nms_threshold);
        std::move(candidates.begin(), candidates.end(), std::back_inserter(result.detections));
    }

  private:
    [[nodiscard]] static bool is_usable(const Detection& detection) {
        return is_finite(detection.box) && detection.box.width > 0 && detection.box.height > 0 &&
               std::all_of(detection.landmarks.begin(), detection.landmarks.end(),
                           [](Point p) { return std::isfinite(p.x) && std::isfinite(p.y); });
    }

    [[nodiscard]] Detection detection_at(std::span<const TensorView> outputs, const Level& level,
                                         int cell) const {
        const float* box = outputs[level.boxes].as<float>().data() + 4 * cell;
        const float* key_points =
            outputs[level.key_points].as<float>().data() + 2 * kLandmarks * cell;
        const auto column = static_cast<float>(cell % level.columns);
        const auto row = static_cast<float>(cell / level.columns);
        const float x_step = static_cast<float>(level.stride) / input_width_;
        const float y_step = static_cast<float>(level.stride) / input_height_;
        const float width = std::exp(box[2]) * x_step;
        const float height = std::exp(box[3]) * y_step;
        Detection detection;
        detection.box = {(column + box[0]) * x_step - width / 2,
                         (row + box[1]) * y_step - height / 2, width, height};
        detection.label = label_at(output_, 0);
        for (int n = 0; n < kLandmarks; ++n)
            detection.landmarks.push_back(
                {(column + key_points[2 * n]) * x_step, (row + key_points[2 * n + 1]) * y_step});
        return detection;
    }

    const OutputInfo output_;
    const std::vector<Level> levels_;
    const float input_width_, input_height_;
};

}  // namespace

MadeConverter make_yunet(const ConverterContext& context) {
    const std::vector<int>& strides = context.output.strides;
    if (strides.empty())
        return context.error(ErrorCode::kInvalidArgument, "strides",
                             "one per level is needed: 8, 16, 32");
    const size_t count = strides.size();
    FACET_ASSIGN(const std::vector<size_t> ports, context.find_layers(4 * count));
    std::vector<Level> levels;
    for (size_t i = 0; i < count; ++i) {
        const Level level{ports[i],
                          ports[count + i],
                          ports[2 * count + i],
                          ports[3 * count + i],
                          strides[i],
                          context.input_width / strides[i],
                          context.input_height / strides[i]};
        const int64_t cells = static_cast<int64_t>(level.columns) * level.rows;
        const std::pair<size_t, Shape> wanted[]{{level.classes, {1, cells, 1}},
                                                {level.objectness, {1, cells, 1}},
                                                {level.boxes, {1, cells, 4}},
                                                {level.key_points, {1, cells, 2 * kLandmarks}}};
        for (const auto& [port, shape] : wanted)
            if (context.ports[port].row_shape != shape)
                return context.shape_error(
                    port, shape.text() + " at stride " + std::to_string(level.stride) + " of a " +
                              std::to_string(context.input_width) + "x" +
                              std::to_string(context.input_height) + " input");
        levels.push_back(level);
    }
    return std::unique_ptr<Converter>(new YuNet(context, std::move(levels)));
}

}  // namespace facet
