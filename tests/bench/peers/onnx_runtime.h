// SPDX-License-Identifier: MIT
// ONNX Runtime's C library as a peer of the benches: loaded at run time, never linked.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/shape.h"

namespace facet::bench {

// A model on float tensors. Thread-bound.
class OnnxNet {
  public:
    virtual ~OnnxNet() = default;
    // Runs `input` [n,C,H,W], which outlives the call; the outputs stay valid until the next one.
    [[nodiscard]] virtual Result<void> run(const Shape& shape, std::span<const float> input) = 0;
    [[nodiscard]] virtual size_t output_count() const = 0;
    [[nodiscard]] virtual std::span<const float> output(size_t index) const = 0;
};

// Thread-safe.
class OnnxRuntime {
  public:
    virtual ~OnnxRuntime() = default;
    // kNotFound where the library is not there or is no ONNX Runtime.
    [[nodiscard]] static Result<std::shared_ptr<OnnxRuntime>> load(
        const std::filesystem::path& library);
    [[nodiscard]] virtual std::string version() const = 0;
    // `model`: the bytes of an ONNX file with one float input. `threads` work on one run. The
    // runtime outlives its nets.
    [[nodiscard]] virtual Result<std::unique_ptr<OnnxNet>> open(std::string_view model,
                                                                int threads) = 0;
};

}  // namespace facet::bench
