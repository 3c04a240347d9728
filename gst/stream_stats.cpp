// SPDX-License-Identifier: MIT
// Figures into structures and text.
#include "gst/stream_stats.h"

#include <fstream>
#include <sstream>
#include <system_error>

namespace facet {

namespace {

void set_count(GstStructure* stats, const std::string& field, uint64_t value) {
    gst_structure_set(stats, field.c_str(), G_TYPE_UINT64, guint64{value}, nullptr);
}

void set_number(GstStructure* stats, const std::string& field, double value) {
    gst_structure_set(stats, field.c_str(), G_TYPE_DOUBLE, value, nullptr);
}

void set_histogram(GstStructure* stats, const std::string& field, const Histogram& histogram) {
    set_number(stats, field + "-p50", histogram.percentile(0.50));
    set_number(stats, field + "-p95", histogram.percentile(0.95));
    set_number(stats, field + "-p99", histogram.percentile(0.99));
    set_number(stats, field + "-max", static_cast<double>(histogram.max()));
}

double milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
    return text;
}

GstStructure* layer_structure(const LayerCounters& layer) {
    GstStructure* structure = gst_structure_new(
        "layer", "model", G_TYPE_STRING, layer.model.c_str(), "layer", G_TYPE_STRING,
        layer.layer.c_str(), "fused", G_TYPE_STRING, joined(layer.fused).c_str(), "kind",
        G_TYPE_STRING, layer.kind.c_str(), "implementation", G_TYPE_STRING,
        layer.implementation.c_str(), "layout", G_TYPE_STRING, layer.layout.c_str(), "device",
        G_TYPE_STRING, layer.device.c_str(), nullptr);
    set_count(structure, "batch", static_cast<uint64_t>(layer.rows));
    set_number(structure, "time-us", layer.seconds * 1e6);
    set_number(structure, "gflops", layer.seconds > 0 ? layer.flop / layer.seconds / 1e9 : 0);
    return structure;
}

void set_layers(GstStructure* stats, const std::vector<LayerCounters>& layers) {
    if (layers.empty()) return;
    GValue list = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_ARRAY);
    for (const LayerCounters& layer : layers) {
        GValue entry = G_VALUE_INIT;
        g_value_init(&entry, GST_TYPE_STRUCTURE);
        g_value_take_boxed(&entry, layer_structure(layer));
        gst_value_array_append_and_take_value(&list, &entry);
    }
    gst_structure_take_value(stats, "layers", &list);
}

void set_session(GstStructure* stats, const Session& session) {
    const SessionStats figures = session.stats();
    const SessionLimits limits = session.limits();
    set_count(stats, "max-batch", static_cast<uint64_t>(limits.max_batch));
    set_number(stats, "timeout-ms", milliseconds(limits.timeout));
    set_number(stats, "latency-budget-ms", milliseconds(limits.latency_budget));
    set_count(stats, "requests", static_cast<uint64_t>(limits.requests));
    set_count(stats, "threads", static_cast<uint64_t>(limits.threads));
    set_count(stats, "image-width", static_cast<uint64_t>(session.settings().image_size.width));
    set_count(stats, "image-height", static_cast<uint64_t>(session.settings().image_size.height));
    set_count(stats, "items", figures.wait_us.count());
    set_count(stats, "batches", figures.batch_size.count());
    set_histogram(stats, "batch-size", figures.batch_size);
    set_histogram(stats, "fill-percent", figures.fill_percent);
    set_histogram(stats, "wait-us", figures.wait_us);
    set_histogram(stats, "service-us", figures.service_us);
    for (size_t reason = 0; reason < SessionStats::kReasons.size(); ++reason)
        set_count(stats, std::string("started-").append(SessionStats::kReasons[reason]),
                  figures.started_by[reason]);
    set_count(stats, "deadline-misses", figures.deadline_misses);
    set_count(stats, "padding-rows", figures.padding_rows);
    set_count(stats, "shed", figures.shed);
    set_count(stats, "queue-depth", figures.queue_depth);
    set_count(stats, "queue-depth-max", figures.queue_depth_max);
    set_layers(stats, figures.layers);
}

}  // namespace

GstStructure* stats_structure(const Session& session, const StreamStats& stream) {
    GstStructure* stats = gst_structure_new_empty("facet-stats");
    set_session(stats, session);
    set_count(stats, "stream-frames", stream.frames);
    set_count(stats, "stream-late-frames", stream.late_frames);
    set_count(stats, "stream-shed", stream.shed);
    set_number(stats, "stream-fps", stream.fps);
    set_number(stats, "stream-latency-ms", milliseconds(stream.latency));
    return stats;
}

std::string prometheus_text(const GstStructure* stats, const std::string& element) {
    std::ostringstream text;
    text.precision(12);
    for (gint i = 0; i < gst_structure_n_fields(stats); ++i) {
        const char* field = gst_structure_nth_field_name(stats, static_cast<guint>(i));
        const GValue* value = gst_structure_get_value(stats, field);
        if (GST_VALUE_HOLDS_ARRAY(value)) continue;  // layers, which do not change any more
        std::string name = field;
        for (char& letter : name)
            if (letter == '-') letter = '_';
        text << "facet_" << name << "{element=\"" << element << "\"} ";
        if (G_VALUE_HOLDS_UINT64(value))
            text << g_value_get_uint64(value) << '\n';
        else
            text << g_value_get_double(value) << '\n';
    }
    return text.str();
}

Result<void> replace_file(const std::filesystem::path& path, const std::string& text) {
    const std::filesystem::path fresh = path.string() + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << text;
    file.close();
    std::error_code error;
    if (file) std::filesystem::rename(fresh, path, error);
    if (file && !error) return {};
    return Error{ErrorCode::kIo, path.string().append(" cannot be written")};
}

}  // namespace facet
