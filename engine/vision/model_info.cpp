// SPDX-License-Identifier: MIT
// Reads "facet-model/1" files and finds the one for a model.
#include "engine/vision/model_info.h"

#include <algorithm>
#include <utility>

#include "engine/vision/converters/converter_kinds.h"
#include "engine/vision/model_info_json.h"

namespace facet {
namespace {

constexpr const char* kSchema = "facet-model/1";
constexpr NumberRange kFraction{0, 1};
constexpr NumberRange kPixelValue{-1e4, 1e4};
constexpr NumberRange kPositive{1e-6, 1e6};
constexpr NumberRange kFactor{-1e6, 1e6};
constexpr NumberRange kInputSize{1, 16384};
constexpr NumberRange kStride{1, 4096};

// One number for every channel, or one each.
Result<void> read_channels(const JsonSection& section, const char* key, NumberRange range,
                           ColorOrder order, std::array<float, 3>& target) {
    if (!section.has(key)) return {};
    if (!section.is_list(key)) {
        float every = 0;
        FACET_TRY(section.read_number(key, range, every));
        target.fill(every);
        return {};
    }
    std::vector<float> channels;
    FACET_TRY(section.read_numbers(key, range, channels));
    const size_t wanted = order == ColorOrder::kGray ? 1 : 3;
    if (channels.size() != wanted)
        return section.error(key, "has " + std::to_string(channels.size()) +
                                      " elements; supported: " + std::to_string(wanted) +
                                      ", or a single number");
    std::copy(channels.begin(), channels.end(), target.begin());
    return {};
}

template <typename T>
Result<void> read_choice(const JsonSection& section, const char* key,
                         const std::vector<std::pair<std::string, T>>& choices, T& target) {
    if (!section.has(key)) return {};
    std::string word, words;
    FACET_TRY(section.read_string(key, word));
    for (const auto& [name, value] : choices) {
        if (word == name) {
            target = value;
            return {};
        }
        words.append(words.empty() ? "" : ", ").append(name);
    }
    return section.error(key, "is \"" + word + "\"; supported: " + words);
}

Result<ImageInputInfo> read_input(const JsonSection& section) {
    ImageInputInfo input;
    FACET_TRY(section.allow_only({"name", "color", "layout", "mean", "scale", "width", "height"}));
    FACET_TRY(section.read_string("name", input.name));
    FACET_TRY(read_choice<ColorOrder>(
        section, "color",
        {{"BGR", ColorOrder::kBgr}, {"RGB", ColorOrder::kRgb}, {"GRAY", ColorOrder::kGray}},
        input.order));
    FACET_TRY(read_choice<bool>(section, "layout", {{"NCHW", false}, {"NHWC", true}},
                                input.channels_last));
    FACET_TRY(read_channels(section, "mean", kPixelValue, input.order, input.mean));
    FACET_TRY(read_channels(section, "scale", kPositive, input.order, input.scale));
    FACET_TRY(section.read_integer("width", kInputSize, input.width));
    FACET_TRY(section.read_integer("height", kInputSize, input.height));
    if ((input.width == 0) != (input.height == 0))
        return section.error(input.width == 0 ? "width" : "height",
                             "is missing: give both sides or none");
    return input;
}

Result<const ConverterKind*> read_kind(const JsonSection& section, OutputInfo& output) {
    FACET_TRY(section.require("converter"));
    FACET_TRY(section.read_string("converter", output.converter));
    const ConverterKind* kind = find_converter_kind(output.converter);
    if (kind == nullptr)
        return section.error("converter",
                             "is \"" + output.converter + "\"; supported: " + converter_names());
    return kind;
}

Result<OutputInfo> read_output(const JsonSection& section) {
    OutputInfo output;
    FACET_ASSIGN(const ConverterKind* kind, read_kind(section, output));
    std::vector<std::string> known{"converter", "layers"};
    known.insert(known.end(), kind->keys.begin(), kind->keys.end());
    FACET_TRY(section.allow_only(known));
    FACET_TRY(section.read_strings("layers", output.layers));
    if (kind->yields_attribute) FACET_TRY(section.require("attribute"));
    FACET_TRY(section.read_string("attribute", output.attribute));
    if (kind->yields_attribute && output.attribute.empty())
        return section.error("attribute", "is empty");
    FACET_TRY(section.read_strings("labels", output.labels));
    FACET_TRY(section.read_bool("softmax", output.softmax));
    FACET_TRY(section.read_number("factor", kFactor, output.factor));
    FACET_TRY(section.read_string("unit", output.unit));
    FACET_TRY(section.read_number("threshold", kFraction, output.threshold));
    FACET_TRY(section.read_number("nms_threshold", kFraction, output.nms_threshold));
    FACET_TRY(section.read_bool("decoded", output.decoded));
    FACET_TRY(section.read_integers("strides", kStride, output.strides));
    FACET_TRY(section.read_number_lists("min_sizes", kPositive, output.min_sizes));
    if (section.has("variances")) {
        std::vector<float> variances;
        FACET_TRY(section.read_numbers("variances", kPositive, variances));
        if (variances.size() != 2)
            return section.error("variances", "has " + std::to_string(variances.size()) +
                                                  " elements; supported: 2, centre and size");
        output.variances = {variances[0], variances[1]};
    }
    return output;
}

Result<ModelInfo> read_root(const JsonSection& section, const std::string& default_name) {
    ModelInfo info;
    info.name = default_name;
    FACET_TRY(section.require("schema"));
    std::string schema;
    FACET_TRY(section.read_string("schema", schema));
    if (schema != kSchema)
        return section.error("schema", "is \"" + schema + "\"; supported: " + kSchema);
    FACET_TRY(section.allow_only({"schema", "name", "description", "input", "outputs"}));
    FACET_TRY(section.read_string("name", info.name));
    FACET_TRY(section.read_string("description", info.description));
    if (section.has("input")) {
        FACET_ASSIGN(const JsonSection input, section.read_object("input"));
        FACET_ASSIGN(info.input, read_input(input));
    }
    FACET_ASSIGN(const std::vector<JsonSection> outputs, section.read_objects("outputs"));
    for (const JsonSection& output : outputs) {
        FACET_ASSIGN(OutputInfo read, read_output(output));
        info.outputs.push_back(std::move(read));
    }
    return info;
}

// The folder two up names the model in Open Model Zoo layouts: <model>/<precision>/<model>.xml.
std::vector<std::string> names_of(const std::filesystem::path& model) {
    std::vector<std::string> names{model.stem().string()};
    const std::string folder = model.parent_path().parent_path().filename().string();
    if (model.extension() == ".xml" && !folder.empty() && folder != names[0])
        names.push_back(folder);
    return names;
}

}  // namespace

Result<ModelInfo> read_model_info(const std::filesystem::path& path) {
    FACET_ASSIGN(const JsonSection root, JsonSection::read_file(path));
    return read_root(root, path.stem().string());
}

Result<ModelInfo> find_model_info(const std::filesystem::path& model,
                                  const std::optional<std::filesystem::path>& explicit_path,
                                  const std::vector<std::filesystem::path>& directories) {
    if (explicit_path) return read_model_info(*explicit_path);
    const std::vector<std::string> names = names_of(model);
    std::vector<std::filesystem::path> candidates{model.parent_path() / (names[0] + ".json")};
    for (const std::filesystem::path& directory : directories)
        for (const std::string& name : names) candidates.push_back(directory / (name + ".json"));
    std::string looked_at;
    for (const std::filesystem::path& candidate : candidates) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(candidate, ignored)) return read_model_info(candidate);
        looked_at.append(looked_at.empty() ? "" : ", ").append(candidate.string());
    }
    return Error{ErrorCode::kNotFound,
                 "no model-info file for " + model.string() + "; looked at: " + looked_at};
}

}  // namespace facet
