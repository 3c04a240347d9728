// SPDX-License-Identifier: MIT
// "values" and "landmarks": the elements of some layers -> an attribute of several numbers.
#include <cmath>
#include <utility>

#include "engine/vision/converters/converter_kinds.h"

namespace facet {
namespace {

class Values final : public Converter {
  public:
    Values(const ConverterContext& context, std::vector<size_t> ports)
        : blank_(attribute_of(context, ports.front())), ports_(std::move(ports)) {}

    void convert(std::span<const TensorView> outputs, float /*threshold*/,
                 Converted& result) const override {
        Attribute attribute = blank_;
        for (const size_t port : ports_) {
            for (const float value : outputs[port].as<float>()) {
                if (!std::isfinite(value)) return;
                attribute.values.push_back(value);
            }
        }
        result.attributes.push_back(std::move(attribute));
    }

  private:
    const Attribute blank_;
    const std::vector<size_t> ports_;
};

}  // namespace

MadeConverter make_values(const ConverterContext& context) {
    const size_t count = std::max<size_t>(1, context.output.layers.size());
    FACET_ASSIGN(std::vector<size_t> ports, context.find_layers(count));
    return std::unique_ptr<Converter>(new Values(context, std::move(ports)));
}

MadeConverter make_landmarks(const ConverterContext& context) {
    FACET_ASSIGN(std::vector<size_t> ports, context.find_layers(1));
    const int64_t elements = context.ports[ports[0]].row_shape.elements();
    if (elements < 2 || elements % 2 != 0)
        return context.shape_error(ports[0], "an even number of elements: x, y, x, y, ...");
    return std::unique_ptr<Converter>(new Values(context, std::move(ports)));
}

}  // namespace facet
