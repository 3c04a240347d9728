// SPDX-License-Identifier: MIT
// "detection-output": rows of an SSD's DetectionOutput layer -> detections.
#include <algorithm>
#include <cmath>

#include "engine/vision/converters/converter_kinds.h"

namespace facet {
namespace {

// image_id, label, confidence, x_min, y_min, x_max, y_max. Source: OpenVINO DetectionOutput-8.
constexpr int kRowSize = 7;
constexpr float kMostLabels = 1e6f;  // beyond, a label is noise and not an index

class DetectionOutput final : public Converter {
  public:
    DetectionOutput(const OutputInfo& output, size_t port) : output_(output), port_(port) {}

    void convert(std::span<const TensorView> outputs, float threshold,
                 Converted& result) const override {
        const std::span<const float> rows = outputs[port_].as<float>();
        for (size_t at = 0; at + kRowSize <= rows.size(); at += kRowSize) {
            const float* row = rows.data() + at;
            // A negative image id ends the list; the rest of the tensor is stale.
            if (row[0] < 0) return;
            if (!std::all_of(row, row + kRowSize, [](float v) { return std::isfinite(v); }))
                continue;
            const Rect box{row[3], row[4], row[5] - row[3], row[6] - row[4]};
            const bool real_label = row[1] >= 0 && row[1] < kMostLabels;
            if (row[2] < threshold || box.width <= 0 || box.height <= 0 || !real_label) continue;
            Detection& detection = result.detections.emplace_back();
            detection.box = box;
            detection.confidence = std::clamp(row[2], 0.0f, 1.0f);
            detection.label_id = static_cast<int>(row[1]);
            detection.label = label_at(output_, detection.label_id);
        }
    }

  private:
    const OutputInfo output_;
    const size_t port_;
};

}  // namespace

MadeConverter make_detection_output(const ConverterContext& context) {
    FACET_ASSIGN(const std::vector<size_t> ports, context.find_layers(1));
    const Shape& shape = context.ports[ports[0]].row_shape;
    if (shape.rank() != 4 || shape[0] != 1 || shape[1] != 1 || shape[3] != kRowSize)
        return context.shape_error(ports[0], "[1,1,K,7]");
    return std::unique_ptr<Converter>(new DetectionOutput(context.output, ports[0]));
}

}  // namespace facet
