// SPDX-License-Identifier: MIT
// From region metas to crops, from attributes to their params.
#include "elements/classify/classifier.h"

#include <algorithm>
#include <utility>

#include "gst/face_meta.h"

namespace facet {

namespace {

FaceProvenance provenance(const Provenance& source, GstClockTime pts) {
    FaceProvenance target;
    target.device = source.device;
    target.batch_id = source.batch_id;
    target.batch_size = source.batch_size;
    target.batch_streams = source.owners;
    target.wait_us = source.wait_us;
    target.infer_us = source.infer_us;
    target.source_pts = pts;
    return target;
}

FaceAttribute face_attribute(Attribute&& source) {
    FaceAttribute target;
    target.name = std::move(source.name);
    target.label = std::move(source.label);
    target.label_id = source.label_id;
    target.confidence = source.confidence;
    if (source.value) target.value = *source.value;
    target.values.assign(source.values.begin(), source.values.end());
    target.model_name = std::move(source.model_name);
    target.layer_name = std::move(source.layer_name);
    return target;
}

// Whether a face that is known needs to be looked at again.
bool is_due(const FaceRecord& record, const RegionChoice& choice, GstClockTime now) {
    if (choice.reclassify_interval_ms <= 0 || record.lost || !GST_CLOCK_TIME_IS_VALID(now) ||
        !GST_CLOCK_TIME_IS_VALID(record.sent) || now < record.sent)
        return true;
    return static_cast<double>(now - record.sent) >= choice.reclassify_interval_ms * GST_MSECOND;
}

PlannedRegion::Run how_to_run(const FaceRecord& record, const RegionChoice& choice, bool late,
                              GstClockTime now) {
    using Run = PlannedRegion::Run;
    if (!is_due(record, choice, now)) return Run::kNotDue;
    if (late && choice.overload != static_cast<int>(Overload::kBlock)) return Run::kLate;
    const bool again =
        choice.reclassify_interval_ms > 0 && !record.lost && GST_CLOCK_TIME_IS_VALID(record.sent);
    return again ? Run::kWhenRoom : Run::kNow;
}

std::string too_small(const Face& face, int least) {
    return std::to_string(face.width) + "x" + std::to_string(face.height) +
           " pixels, min-size is " + std::to_string(least);
}

}  // namespace

std::vector<PlannedRegion> Classifier::plan(GstBuffer* frame, const GstVideoInfo&, bool late) {
    const RegionChoice choice = choice_();
    const GstClockTime now = GST_BUFFER_PTS(frame);
    give_unique_ids(frame);
    const std::vector<Face> faces = read_faces(frame, choice.object_class);
    const std::vector<std::shared_ptr<FaceRecord>> records = memory_.look(faces);
    std::vector<PlannedRegion> regions;
    regions.reserve(faces.size());
    for (size_t i = 0; i < faces.size(); ++i) {
        const Face& face = faces[i];
        if (std::min(face.width, face.height) < choice.min_size) {
            set_skipped(frame, face.roi_id, SkipReason::kTooSmall,
                        too_small(face, choice.min_size));
            continue;
        }
        const Rect box{static_cast<float>(face.x), static_cast<float>(face.y),
                       static_cast<float>(face.width), static_cast<float>(face.height)};
        PlannedRegion region;
        region.rect = scale_about_center(box, static_cast<float>(choice.roi_scale));
        region.roi_id = face.roi_id;
        region.value = static_cast<double>(face.width) * face.height;
        region.run = how_to_run(*records[i], choice, late, now);
        region.record = records[i];
        if (region.runs()) {
            region.record->sent = now;
            region.record->lost = false;
        }
        regions.push_back(std::move(region));
    }
    return regions;
}

void Classifier::write(GstBuffer* frame, const GstVideoInfo&,
                       std::span<const PlannedRegion> regions, std::span<ItemResult> results) {
    FaceWriter faces(frame);
    for (size_t i = 0; i < regions.size(); ++i)
        write_one(faces, GST_BUFFER_PTS(frame), regions[i], results[i]);
}

void Classifier::write_one(FaceWriter& faces, GstClockTime pts, const PlannedRegion& region,
                           ItemResult& result) {
    if (!region.runs()) {
        const bool late = region.run == PlannedRegion::Run::kLate;
        return write_earlier(faces, region, late ? SkipReason::kLate : SkipReason::kNotDue);
    }
    if (result.error) {
        region.record->lost = true;
        if (result.error->code == ErrorCode::kOverload)
            return write_earlier(faces, region, SkipReason::kOverload);
        faces.set_skipped(region.roi_id, SkipReason::kFailed, result.error->text());
        return;
    }
    const FaceProvenance source = provenance(result.provenance, pts);
    std::vector<FaceAttribute>& attributes = region.record->attributes;
    attributes.clear();
    for (Attribute& attribute : result.attributes) {
        attributes.push_back(face_attribute(std::move(attribute)));
        attributes.back().provenance = source;
        faces.set_attribute(region.roi_id, attributes.back());
        attributes.back().provenance.reused = true;
    }
}

// What was said of the face before, or why nothing is said of it now.
void Classifier::write_earlier(FaceWriter& faces, const PlannedRegion& region, SkipReason reason) {
    const bool wanted =
        reason == SkipReason::kNotDue || choice_().overload == static_cast<int>(Overload::kReuse);
    if (!wanted || region.record->attributes.empty()) {
        if (region.record->attributes.empty()) region.record->lost = true;
        faces.set_skipped(region.roi_id, reason, "");
        return;
    }
    for (const FaceAttribute& attribute : region.record->attributes)
        faces.set_attribute(region.roi_id, attribute);
}

}  // namespace facet
