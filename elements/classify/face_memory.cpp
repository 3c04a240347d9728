// SPDX-License-Identifier: MIT
// Matching faces from frame to frame.
#include "elements/classify/face_memory.h"

#include <algorithm>

namespace facet {

namespace {

struct Pair {
    double overlap;
    size_t face, before;
};

}  // namespace

FaceMemory::Box FaceMemory::box_of(const Face& face) {
    return {face.x, face.y, face.width, face.height};
}

double FaceMemory::overlap(const Box& one, const Box& other) {
    const int width = std::min(one.x + one.width, other.x + other.width) - std::max(one.x, other.x);
    const int height =
        std::min(one.y + one.height, other.y + other.height) - std::max(one.y, other.y);
    if (width <= 0 || height <= 0) return 0;
    const double both = static_cast<double>(width) * height;
    return both / (static_cast<double>(one.width) * one.height +
                   static_cast<double>(other.width) * other.height - both);
}

std::vector<std::shared_ptr<FaceRecord>> FaceMemory::look(const std::vector<Face>& faces) {
    ++frame_;
    std::vector<std::shared_ptr<FaceRecord>> records(faces.size());
    std::vector<Pair> pairs;
    for (size_t i = 0; i < faces.size(); ++i) {
        if (faces[i].object_id) {
            Track& track = by_track_[*faces[i].object_id];
            if (!track.record) track.record = std::make_shared<FaceRecord>();
            track.frame = frame_;
            records[i] = track.record;
            continue;
        }
        const Box box = box_of(faces[i]);
        for (size_t j = 0; j < before_.size(); ++j)
            if (const double shared = overlap(box, before_[j].box); shared >= kLeastOverlap)
                pairs.push_back({shared, i, j});
    }
    std::ranges::sort(pairs, std::ranges::greater(), &Pair::overlap);
    for (const Pair& pair : pairs)
        if (!records[pair.face]) records[pair.face] = std::move(before_[pair.before].record);
    before_.clear();
    for (size_t i = 0; i < faces.size(); ++i) {
        if (!records[i]) records[i] = std::make_shared<FaceRecord>();
        if (!faces[i].object_id) before_.push_back({box_of(faces[i]), records[i]});
    }
    std::erase_if(by_track_, [this](const auto& track) {
        return track.second.frame + kFramesToForget < frame_;
    });
    return records;
}

void FaceMemory::forget() {
    before_.clear();
    by_track_.clear();
}

}  // namespace facet
