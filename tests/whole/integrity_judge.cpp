// SPDX-License-Identifier: MIT
// Every attribute against the pixels of the face that carries it.
#include "tests/whole/integrity_judge.h"

#include <algorithm>
#include <cmath>

#include "gst/ground_truth_meta.h"
#include "gst/video_frame.h"
#include "tests/support/puppet_backend.h"

namespace facet::testing {
namespace {

constexpr size_t kMostFaces = 40;

}  // namespace

std::vector<DetectedFace> true_regions(GstBuffer* frame, const GstVideoInfo& info, size_t most) {
    std::vector<DetectedFace> regions;
    const auto truth = read_ground_truth(frame, info.width, info.height);
    if (!truth) return regions;
    for (const TrueFace& face : truth->faces) {
        DetectedFace region;
        region.x = static_cast<int>(std::ceil(face.x));
        region.y = static_cast<int>(std::ceil(face.y));
        region.width = static_cast<int>(std::floor(face.x + face.width)) - region.x;
        region.height = static_cast<int>(std::floor(face.y + face.height)) - region.y;
        region.confidence = 1;
        region.label = "face";
        if (region.width >= 2 && region.height >= 2 && regions.size() < most)
            regions.push_back(region);
    }
    return regions;
}

IntegrityJudge::Checksums IntegrityJudge::checksums(
    GstBuffer* frame, const GstVideoInfo& info, const std::vector<DetectedFace>& regions) const {
    Checksums all;
    const MappedFrame mapped(frame, info);
    if (!mapped.ok()) return all;
    for (const DetectedFace& region : regions) {
        const Rect box{static_cast<float>(region.x), static_cast<float>(region.y),
                       static_cast<float>(region.width), static_cast<float>(region.height)};
        std::vector<uint32_t>& sums = all.emplace_back();
        for (const EchoModel& model : models_) {
            std::vector<uint8_t> pixels(model.crop.byte_size());
            if (crop(mapped.view(), box, model.crop, pixels).ok()) sums.push_back(checksum(pixels));
        }
    }
    return all;
}

void IntegrityJudge::mark(int stream, GstBuffer* frame, const GstVideoInfo& info) {
    const std::vector<DetectedFace> regions = true_regions(frame, info, kMostFaces);
    const Checksums expected = checksums(frame, info, regions);
    for (const DetectedFace& region : regions) add_face(frame, region, info.width, info.height);
    MutexLock lock(mutex_);
    for (const std::vector<uint32_t>& sums : expected)
        for (const uint32_t sum : sums) seen_[sum].insert(stream);
}

void IntegrityJudge::examine(int stream, GstBuffer* frame, const GstVideoInfo& info) {
    const std::vector<DetectedFace> regions = true_regions(frame, info, kMostFaces);
    const Checksums expected = checksums(frame, info, regions);
    const std::vector<Face> faces = read_faces(frame);
    const auto number = static_cast<int64_t>(read_ground_truth(frame)->frame);
    MutexLock lock(mutex_);
    StreamRecord& record = streams_[stream];
    ++record.frames;
    ++verdict_.frames;
    if (number <= record.last_frame) ++verdict_.disordered;
    record.last_frame = number;
    verdict_.faces += faces.size();
    verdict_.largest_frame = std::max(verdict_.largest_frame, static_cast<int>(faces.size()));
    if (faces.size() == expected.size())
        compare(stream, faces, expected);
    else
        verdict_.missing += expected.size();
    changed_.notify_all();
}

void IntegrityJudge::compare(int stream, const std::vector<Face>& faces,
                             const Checksums& expected) {
    for (size_t i = 0; i < faces.size(); ++i) {
        if (!faces[i].skipped.empty())
            ++verdict_.skipped;
        else
            compare(stream, faces[i], expected[i]);
    }
}

void IntegrityJudge::compare(int stream, const Face& face, const std::vector<uint32_t>& expected) {
    for (size_t m = 0; m < models_.size(); ++m) {
        const FaceAttribute* attribute = face.attribute(models_[m].name);
        if (!attribute || !attribute->value || expected.size() != models_.size()) {
            ++verdict_.missing;
            continue;
        }
        ++verdict_.attributes;
        batch_streams_[attribute->provenance.batch_id] = attribute->provenance.batch_streams;
        const auto said = static_cast<uint32_t>(*attribute->value);
        if (said == expected[m]) continue;
        ++verdict_.wrong_face;
        const auto origin = seen_.find(said);
        if (origin != seen_.end() && !origin->second.contains(stream)) ++verdict_.wrong_stream;
    }
}

uint64_t IntegrityJudge::frames_of(int stream) const {
    MutexLock lock(mutex_);
    const auto record = streams_.find(stream);
    return record == streams_.end() ? 0 : record->second.frames;
}

bool IntegrityJudge::wait_for_attributes(uint64_t count) const {
    MutexLock lock(mutex_);
    while (failure_.empty() && verdict_.attributes < count) changed_.wait(mutex_);
    return failure_.empty();
}

bool IntegrityJudge::wait_for_frames(int stream, uint64_t count) const {
    MutexLock lock(mutex_);
    const auto reached = [&]() FACET_REQUIRES(mutex_) {
        const auto record = streams_.find(stream);
        return record != streams_.end() && record->second.frames >= count;
    };
    while (failure_.empty() && !reached()) changed_.wait(mutex_);
    return failure_.empty();
}

void IntegrityJudge::fail(const std::string& reason) {
    MutexLock lock(mutex_);
    if (failure_.empty()) failure_ = reason;
    changed_.notify_all();
}

std::string IntegrityJudge::failure() const {
    MutexLock lock(mutex_);
    return failure_;
}

Verdict IntegrityJudge::verdict() const {
    MutexLock lock(mutex_);
    Verdict verdict = verdict_;
    verdict.batches = batch_streams_.size();
    verdict.shared_batches =
        static_cast<uint64_t>(std::count_if(batch_streams_.begin(), batch_streams_.end(),
                                            [](const auto& batch) { return batch.second > 1; }));
    return verdict;
}

}  // namespace facet::testing
