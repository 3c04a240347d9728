// SPDX-License-Identifier: MIT
// Tensors out of parsed ONNX messages.
#pragma once

#include <memory>

#include "engine/base/result.h"
#include "engine/base/tensor.h"

namespace onnx {
class TensorProto;
}

namespace facet {

// The elements of `proto`, which lives inside the message `owner`: borrowed from it where type and
// layout allow, else converted (f64 to f32; narrow types from int32_data). kCorrupt when elements
// and dims disagree; kUnsupported for external data, segments and types Facet has no tensors of.
// Errors name the tensor. Reentrant.
[[nodiscard]] Result<Tensor> read_onnx_tensor(const std::shared_ptr<const void>& owner,
                                              const onnx::TensorProto& proto);

// TensorProto.DataType as a tensor type; f64 reads as f32.
[[nodiscard]] Result<DataType> onnx_data_type(int type);

}  // namespace facet
