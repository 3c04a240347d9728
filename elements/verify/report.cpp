// SPDX-License-Identifier: MIT
// Findings -> JSON text, Findings -> GstStructure.
#include "elements/verify/report.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace facet {
namespace {

using Json = nlohmann::ordered_json;

struct Figure {
    const char* name;
    std::optional<double> value;
};

std::array<Figure, 6> figures(const Findings& findings) {
    const auto gap = worst_group_gap(findings);
    return {{{"recall", findings.all.found.share()},
             {"precision", findings.precision()},
             {"gender", findings.all.gender.share()},
             {"mood", findings.all.mood.share()},
             {"age_mae", findings.all.mean_age_error()},
             {"worst_group_gap", gap ? std::optional(gap->points) : std::nullopt}}};
}

std::array<std::pair<const char*, uint64_t>, 12> counts(const Findings& findings) {
    return {{{"frames", findings.frames},
             {"unknown_frames", findings.unknown_frames},
             {"faces", findings.all.found.of},
             {"found", findings.all.found.right},
             {"invented", findings.invented},
             {"excused_truths", findings.excused_truths},
             {"excused_detections", findings.excused_detections},
             {"skipped", findings.skipped},
             {"unclassified", findings.unclassified},
             {"swapped", findings.swapped},
             {"misplaced", findings.misplaced},
             {"identity_switches", findings.identity_switches}}};
}

Json json_of(const Score& score) {
    return {{"of", score.of}, {"right", score.right}};
}

Json json_of(const Tally& tally) {
    return {{"found", json_of(tally.found)},
            {"gender", json_of(tally.gender)},
            {"mood", json_of(tally.mood)},
            {"age", {{"of", tally.aged}, {"error", tally.age_error}}}};
}

Json json_of(const Groups& groups) {
    Json json = Json::object();
    for (const auto& [name, tally] : groups) json[name] = json_of(tally);
    return json;
}

Json json_of(const Confusion& confusion) {
    Json json = Json::object();
    for (const auto& [truth, row] : confusion)
        for (const auto& [said, faces] : row) json[truth][said] = faces;
    return json;
}

}  // namespace

std::string report_json(const std::string& stream, const Findings& findings) {
    Json json = {{"schema", "facet-verify/1"}, {"stream", stream}};
    for (const Figure& figure : figures(findings))
        json["figures"][figure.name] =
            figure.value ? Json(std::round(*figure.value * 1e4) / 1e4) : Json(nullptr);
    const auto gap = worst_group_gap(findings);
    json["worst_group"] = gap && !gap->group.empty() ? Json(gap->group) : Json(nullptr);
    Json& counted = json["counts"];
    for (const auto& [name, count] : counts(findings)) counted[name] = count;
    counted["tracked"] = findings.tracked;
    counted["all"] = json_of(findings.all);
    counted["confusion"] = {{"gender", json_of(findings.gender)}, {"mood", json_of(findings.mood)}};
    counted["groups"] = {{"skin_tone", json_of(findings.by_skin_tone)},
                         {"size", json_of(findings.by_size)},
                         {"lighting", json_of(findings.by_lighting)}};
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

GstStructure* report_structure(const std::string& stream, const Findings& findings) {
    GstStructure* structure =
        gst_structure_new("facet-verify", "stream", G_TYPE_STRING, stream.c_str(), nullptr);
    for (const auto& [name, count] : counts(findings))
        gst_structure_set(structure, name, G_TYPE_UINT64, guint64{count}, nullptr);
    for (const Figure& figure : figures(findings))
        if (figure.value)
            gst_structure_set(structure, figure.name, G_TYPE_DOUBLE, *figure.value, nullptr);
    return structure;
}

}  // namespace facet
