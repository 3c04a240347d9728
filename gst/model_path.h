// SPDX-License-Identifier: MIT
// Where a model named in a property lies.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet {

// An absolute path without links among its folders. A file, when `name` holds a '/' or ends in .xml
// or .onnx. A bare name is looked for in model_directories(): NAME.xml, NAME.onnx, then one
// precision down: NAME/FP32/NAME.xml, then FP16, FP16-INT8 and whatever other folders there are by
// name. kNotFound lists every place looked at, or the file. Reentrant.
[[nodiscard]] Result<std::filesystem::path> find_model(const std::string& name);

// "a.xml, b" -> one path each, in order; kInvalidArgument when the list or one entry is empty.
[[nodiscard]] Result<std::vector<std::filesystem::path>> find_models(const std::string& names);

// $FACET_MODELS (colon-separated) in order, then $XDG_DATA_HOME/facet/models (by default
// ~/.local/share/facet/models), then model_info_directories(): Facet's own models
// lie there.
[[nodiscard]] std::vector<std::filesystem::path> model_directories();

// $FACET_MODEL_INFO_PATH (colon-separated) in order, then the installed ones.
[[nodiscard]] std::vector<std::filesystem::path> model_info_directories();

}  // namespace facet
