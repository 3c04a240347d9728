// SPDX-License-Identifier: MIT
// "number": one element -> a number with a unit.
#include <cmath>

#include "engine/vision/converters/converter_kinds.h"

namespace facet {
namespace {

constexpr float kLargest = 1e15f;  // beyond, nothing is left to round

class Number final : public Converter {
  public:
    Number(const ConverterContext& context, size_t port)
        : blank_(attribute_of(context, port)), factor_(context.output.factor), port_(port) {}

    void convert(std::span<const TensorView> outputs, float /*threshold*/,
                 Converted& result) const override {
        const float value = outputs[port_].as<float>()[0] * factor_;
        if (!(std::abs(value) < kLargest)) return;  // NaN too
        Attribute& attribute = result.attributes.emplace_back(blank_);
        attribute.value = value;
        attribute.label = std::to_string(std::llround(value));
    }

  private:
    const Attribute blank_;
    const float factor_;
    const size_t port_;
};

}  // namespace

MadeConverter make_number(const ConverterContext& context) {
    FACET_ASSIGN(const std::vector<size_t> ports, context.find_layers(1));
    if (context.ports[ports[0]].row_shape.elements() != 1)
        return context.shape_error(ports[0], "one element");
    return std::unique_ptr<Converter>(new Number(context, ports[0]));
}

}  // namespace facet
