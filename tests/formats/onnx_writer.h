// SPDX-License-Identifier: MIT
// OnnxWriter: builds small ONNX models with the messages of the format itself.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace facet::testing {

// One more input "x" of type f32 per call of input(); results are names that nodes read.
class OnnxWriter {
  public:
    explicit OnnxWriter(int64_t opset);

    // -1 is a dynamic extent.
    std::string input(const std::string& name, const std::vector<int64_t>& extents,
                      int type = onnx::TensorProto::FLOAT);
    std::string floats(const std::string& name, const std::vector<int64_t>& dims,
                       const std::vector<float>& elements);
    std::string integers(const std::string& name, const std::vector<int64_t>& elements);
    // The message stays valid until the next node is added.
    onnx::NodeProto& node(const std::string& type, const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs);
    void output(const std::string& name);

    [[nodiscard]] onnx::ModelProto& model() { return model_; }
    [[nodiscard]] onnx::GraphProto& graph() { return *model_.mutable_graph(); }
    [[nodiscard]] std::string bytes() const { return model_.SerializeAsString(); }

  private:
    onnx::ModelProto model_;
};

void set(onnx::NodeProto& node, const std::string& name, int64_t value);
void set(onnx::NodeProto& node, const std::string& name, float value);
void set(onnx::NodeProto& node, const std::string& name, const char* value);
void set(onnx::NodeProto& node, const std::string& name, const std::vector<int64_t>& values);

}  // namespace facet::testing
