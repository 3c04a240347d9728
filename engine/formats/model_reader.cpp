// SPDX-License-Identifier: MIT
// Chooses the reader of a model file by its extension, else by its first bytes.
#include "engine/formats/model_reader.h"

#include <cstddef>

#include "engine/formats/mapped_file.h"
#include "engine/formats/onnx_reader.h"
#include "engine/formats/openvino_ir_reader.h"

namespace facet {

namespace {

constexpr std::byte kXmlStart{'<'};
// The key of ModelProto's first field, ir_version.
constexpr std::byte kOnnxStart{0x08};

Error unknown_format(const std::filesystem::path& path, std::string_view hint) {
    return {ErrorCode::kUnsupported, path.string() + ": " + std::string(hint) +
                                         "; supported: OpenVINO IR (.xml with .bin) and ONNX "
                                         "(.onnx)"};
}

}  // namespace

Result<Graph> read_model(const std::filesystem::path& path, std::optional<Extent2> open_size) {
    const std::filesystem::path extension = path.extension();
    if (extension == ".xml") return read_openvino_ir(path, open_size);
    if (extension == ".onnx") return read_onnx(path, open_size);
    if (extension == ".bin")
        return unknown_format(path, "holds weights; name the .xml beside it instead");

    const auto file = MappedFile::open(path);
    if (!file) return file.error().within(path.string());
    const auto bytes = (*file)->bytes();
    if (!bytes.empty() && bytes[0] == kXmlStart) return read_openvino_ir(path, open_size);
    if (!bytes.empty() && bytes[0] == kOnnxStart) return read_onnx(path, open_size);
    return unknown_format(path, "neither its name nor its first byte tells the format");
}

}  // namespace facet
