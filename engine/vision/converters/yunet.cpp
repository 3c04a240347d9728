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
        thread_local std::vector<BoxCandidate> candidates;
        candidates.clear();
        size_t first_cell = 0;
        for (const Level& level : levels_) {
            collect(outputs, level, threshold, first_cell, candidates);
            first_cell += cells_of(level);
        }
        non_maximum_suppression(candidates, output_.nms_threshold);
        for (const BoxCandidate& candidate : candidates) {
            Detection& detection = result.detections.emplace_back();
            detection.box = candidate.box;
            detection.confidence = candidate.confidence;
            detection.label = label_at(output_, 0);
            add_landmarks(outputs, candidate.source, detection);
        }
    }

  private:
    static size_t cells_of(const Level& level) {
        return static_cast<size_t>(level.rows) * level.columns;
    }
    // Where a level's cell lies on the input image, and how large it is there.
    struct Place {
        float column, row, x_step, y_step;
    };
    [[nodiscard]] Place place(const Level& level, size_t cell) const {
        return {static_cast<float>(cell % level.columns), static_cast<float>(cell / level.columns),
                static_cast<float>(level.stride) / input_width_,
                static_cast<float>(level.stride) / input_height_};
    }
    static const float* key_points_at(std::span<const TensorView> outputs, const Level& level,
                                      size_t cell) {
        return outputs[level.key_points].as<float>().data() + 2 * kLandmarks * cell;
    }

    // A candidate's source counts the cells of all levels.
    void collect(std::span<const TensorView> outputs, const Level& level, float threshold,
                 size_t first_cell, std::vector<BoxCandidate>& candidates) const {
        const std::span<const float> classes = outputs[level.classes].as<float>();
        const std::span<const float> objectness = outputs[level.objectness].as<float>();
        for (size_t cell = 0; cell < cells_of(level); ++cell) {
            const float score = std::sqrt(std::clamp(classes[cell], 0.0f, 1.0f) *
                                          std::clamp(objectness[cell], 0.0f, 1.0f));
            if (!std::isfinite(score) || score < threshold) continue;
            const Rect box = box_at(outputs, level, cell);
            const float* points = key_points_at(outputs, level, cell);
            const bool usable = is_finite(box) && box.width > 0 && box.height > 0 &&
                                std::all_of(points, points + 2 * kLandmarks,
                                            [](float v) { return std::isfinite(v); });
            if (usable) candidates.push_back({box, score, 0, first_cell + cell});
        }
    }

    [[nodiscard]] Rect box_at(std::span<const TensorView> outputs, const Level& level,
                              size_t cell) const {
        const float* box = outputs[level.boxes].as<float>().data() + 4 * cell;
        const Place at = place(level, cell);
        const float width = std::exp(box[2]) * at.x_step;
        const float height = std::exp(box[3]) * at.y_step;
        return {(at.column + box[0]) * at.x_step - width / 2,
                (at.row + box[1]) * at.y_step - height / 2, width, height};
    }

    void add_landmarks(std::span<const TensorView> outputs, size_t cell,
                       Detection& detection) const {
        auto level = levels_.begin();
        for (; cell >= cells_of(*level); ++level) cell -= cells_of(*level);
        const float* points = key_points_at(outputs, *level, cell);
        const Place at = place(*level, cell);
        for (int n = 0; n < kLandmarks; ++n)
            detection.landmarks.push_back({(at.column + points[2 * n]) * at.x_step,
                                           (at.row + points[2 * n + 1]) * at.y_step});
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
