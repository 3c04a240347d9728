// SPDX-License-Identifier: MIT
// IrWriter: writes the XML and the weights of small OpenVINO IRs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace facet::testing {

// Layers get the ids 0, 1, ... in the order they are added; their input ports are 0, 1, ..., their
// output ports follow.
class IrWriter {
  public:
    // An output of a layer: `port` counts from its first output. `extents` ("1,4,8,8") are stated
    // on the input ports it feeds; empty states none.
    struct Source {
        int layer = 0;
        int port = 0;
        std::string extents;
    };

    Source parameter(const std::string& name, const std::string& type, const std::string& shape);
    template <typename T>
    Source constant(const std::string& name, const std::string& type, const std::string& shape,
                    const std::vector<T>& elements) {
        return constant_bytes(
            name, type, shape,
            {reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T)});
    }
    Source layer(const std::string& name, const std::string& type, const std::string& attributes,
                 const std::vector<Source>& inputs, const std::string& opset = {}, int outputs = 1);
    void result(const Source& source);

    [[nodiscard]] std::string xml() const;
    [[nodiscard]] const std::string& weights() const { return weights_; }

  private:
    Source constant_bytes(const std::string& name, const std::string& type,
                          const std::string& shape, std::string_view bytes);

    struct Edge {
        Source from;
        int to_layer, to_port;
    };
    std::string layers_, weights_;
    std::vector<Edge> edges_;
    std::vector<int> first_output_;  // port id, per layer
};

}  // namespace facet::testing
