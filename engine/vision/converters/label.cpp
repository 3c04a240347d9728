// SPDX-License-Identifier: MIT
// "label": probabilities or logits of classes -> the likeliest one's label.
#include <algorithm>
#include <cmath>

#include "engine/vision/converters/converter_kinds.h"

namespace facet {
namespace {

class Label final : public Converter {
  public:
    Label(const ConverterContext& context, size_t port)
        : output_(context.output), blank_(attribute_of(context, port)), port_(port) {}

    void convert(std::span<const TensorView> outputs, float /*threshold*/,
                 Converted& result) const override {
        const std::span<const float> scores = outputs[port_].as<float>();
        // One bad class makes the comparison with the others meaningless.
        if (!std::all_of(scores.begin(), scores.end(), [](float v) { return std::isfinite(v); }))
            return;
        const auto best = std::max_element(scores.begin(), scores.end());
        float confidence = *best;
        if (output_.softmax) {
            float total = 0;
            for (const float score : scores) total += std::exp(score - *best);
            confidence = 1 / total;
        }
        Attribute& attribute = result.attributes.emplace_back(blank_);
        attribute.label_id = static_cast<int>(best - scores.begin());
        attribute.label = label_at(output_, attribute.label_id);
        attribute.confidence = std::clamp(confidence, 0.0f, 1.0f);
    }

  private:
    const OutputInfo output_;
    const Attribute blank_;
    const size_t port_;
};

}  // namespace

MadeConverter make_label(const ConverterContext& context) {
    FACET_ASSIGN(const std::vector<size_t> ports, context.find_layers(1));
    const Shape& shape = context.ports[ports[0]].row_shape;
    const size_t labels = context.output.labels.size();
    if (labels == 0)
        return context.error(ErrorCode::kInvalidArgument, "labels", "at least one is needed");
    if (shape.elements() != static_cast<int64_t>(labels))
        return context.shape_error(ports[0], std::to_string(labels) + " elements, one per label");
    return std::unique_ptr<Converter>(new Label(context, ports[0]));
}

}  // namespace facet
