// SPDX-License-Identifier: MIT
// Properties as the engine's settings.
#include "gst/filter_settings.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "gst/model_path.h"
#include "gst/size_list.h"

namespace facet {

Result<SessionSettings> session_settings(const FilterSettings& settings,
                                         const std::vector<std::filesystem::path>& models) {
    SessionSettings session;
    for (const std::filesystem::path& model : models) session.models.push_back({model, {}});
    session.info_directories = model_info_directories();
    session.device = settings.device;
    FACET_ASSIGN(session.batch_profiles,
                 parse_batch_profiles("batch-profiles", settings.batch_profiles));
    session.max_batch =
        session.batch_profiles.empty() ? settings.max_batch : session.batch_profiles.back();
    session.timeout = std::chrono::round<Duration>(
        std::chrono::duration<double, std::milli>(settings.timeout_ms));
    session.latency_budget = std::chrono::round<Duration>(
        std::chrono::duration<double, std::milli>(settings.latency_budget_ms));
    session.trace_path = settings.trace_path;
    session.requests = settings.requests;
    session.threads = settings.threads;
    FACET_ASSIGN(session.processors, parse_processors("processors", settings.processors));
    session.precision = static_cast<Precision>(settings.precision);
    return session;
}

GType precision_type() {
    static const GEnumValue kValues[] = {
        {static_cast<int>(Precision::kAuto),
         "int8 for the layers that the file quantises, else 32-bit floats", "auto"},
        {static_cast<int>(Precision::kF32), "32-bit floats", "fp32"},
        {static_cast<int>(Precision::kBf16), "bfloat16 products, 32-bit sums", "bf16"},
        {static_cast<int>(Precision::kF16), "16-bit floats, 32-bit sums", "fp16"},
        {static_cast<int>(Precision::kInt8),
         "int8 for the layers that the file quantises, of which there must be some", "int8"},
        {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstFacetPrecision", kValues);
    return type;
}

void fill_stream_setup(const FilterSettings& settings, StreamSetup& setup) {
    setup.session_name = settings.session;
    setup.queue_depth = settings.queue_depth;
    setup.weight = settings.weight;
    setup.stats_path = settings.stats_path;
    setup.stats_interval = std::chrono::milliseconds(settings.stats_interval_ms);
}

Result<void> require_yields(const Session& session, Yield wanted) {
    const std::vector<ModelSettings>& models = session.settings().models;
    const bool attributes = wanted == Yield::kAttributes;
    for (size_t i = 0; i < models.size(); ++i)
        if (!session.yields(i, wanted))
            return Error{
                ErrorCode::kInvalidArgument,
                std::string(attributes ? "property 'models': " : "property 'model': ") +
                    models[i].path.string() +
                    (attributes ? " yields no attributes, only detections; facetdetect runs it"
                                : " yields no detections, only attributes; facetclassify runs it")};
    return {};
}

Error in_property_words(const Error& error, GObjectClass* klass) {
    constexpr std::string_view kSetting = "setting '";
    Error said = error;
    const size_t start = said.message.find(kSetting);
    if (start == std::string::npos) return said;
    const size_t name_start = start + kSetting.size();
    const size_t end = said.message.find('\'', name_start);
    if (end == std::string::npos) return said;
    std::string name = said.message.substr(name_start, end - name_start);
    if (name == "info") name = "model-info";
    if (name == "image_size") name = "image_size_profiles";
    std::ranges::replace(name, '_', '-');
    const bool known = g_object_class_find_property(klass, name.c_str()) != nullptr;
    said.message.replace(start, end - start + 1,
                         known ? std::string("property '").append(name).append("'") : name);
    return said;
}

}  // namespace facet
