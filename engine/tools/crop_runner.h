// SPDX-License-Identifier: MIT
// A model file compiled on the CPU for one crop of u8 pixels at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/base/result.h"
#include "engine/tools/image_rows.h"
#include "engine/vision/converters/converter.h"
#include "engine/vision/model_info.h"

namespace facet {

// Thread-bound.
class CropRunner {
  public:
    // Errors name the file.
    [[nodiscard]] static Result<CropRunner> open(const std::filesystem::path& path,
                                                 const ModelInfo& info, Precision precision);

    [[nodiscard]] Result<void> run(const ImageRow& crop);
    // What crops have to be.
    [[nodiscard]] const CropSpec& crop() const { return crop_; }
    [[nodiscard]] const std::vector<Port>& outputs() const { return model_->outputs(); }
    // Of the last run; valid until the next.
    [[nodiscard]] std::span<const float> output(size_t port) const;
    [[nodiscard]] std::vector<TensorView> views() const;
    // As the model-info says, in its order.
    [[nodiscard]] const std::vector<std::unique_ptr<Converter>>& converters() const {
        return converters_;
    }

  private:
    CropSpec crop_;
    std::shared_ptr<CompiledModel> model_;
    std::unique_ptr<InferRequest> request_;
    std::vector<std::unique_ptr<Converter>> converters_;
};

}  // namespace facet
