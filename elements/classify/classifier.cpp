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

FaceAttribute face_attribute(const Attribute& source) {
    FaceAttribute target;
    target.name = source.name;
    target.label = source.label;
    target.label_id = source.label_id;
    target.confidence = source.confidence;
    if (source.value) target.value = *source.value;
    target.values.assign(source.values.begin(), source.values.end());
    target.model_name = source.model_name;
    target.layer_name = source.layer_name;
    return target;
}

}  // namespace

std::vector<PlannedRegion> Classifier::plan(GstBuffer* frame, const GstVideoInfo&) {
    const RegionChoice choice = choice_();
    give_unique_ids(frame);
    std::vector<PlannedRegion> regions;
    for (const Face& face : read_faces(frame, choice.object_class)) {
        if (std::min(face.width, face.height) < choice.min_size) {
            set_skipped(frame, face.roi_id, SkipReason::kTooSmall,
                        std::to_string(face.width) + "x" + std::to_string(face.height) +
                            " pixels, min-size is " + std::to_string(choice.min_size));
            continue;
        }
        const Rect box{static_cast<float>(face.x), static_cast<float>(face.y),
                       static_cast<float>(face.width), static_cast<float>(face.height)};
        regions.push_back(
            {scale_about_center(box, static_cast<float>(choice.roi_scale)), face.roi_id});
    }
    return regions;
}

void Classifier::write(GstBuffer* frame, const GstVideoInfo&, const PlannedRegion& region,
                       const ItemResult& result) {
    if (result.error) {
        set_skipped(frame, region.roi_id, SkipReason::kFailed, result.error->text());
        return;
    }
    const FaceProvenance source = provenance(result.provenance, GST_BUFFER_PTS(frame));
    for (const Attribute& attribute : result.attributes) {
        FaceAttribute written = face_attribute(attribute);
        written.provenance = source;
        set_attribute(frame, region.roi_id, written);
    }
}

}  // namespace facet
