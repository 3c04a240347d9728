// SPDX-License-Identifier: MIT
// IntegrityJudge: puts regions on frames, recomputes from each frame's own pixels what echo models
// must say of them, and counts what was said of a wrong face or stream.
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/vision/crop.h"
#include "gst/face_meta.h"

namespace facet::testing {

// A model whose only attribute, named like itself, is the checksum of the crop it was given.
struct EchoModel {
    std::string name;
    CropSpec crop;
};

struct Verdict {
    uint64_t frames = 0, faces = 0, attributes = 0;
    uint64_t wrong_face = 0;                   // the checksum of something else
    uint64_t wrong_stream = 0;                 // of those, checksums of a face of another stream
    uint64_t missing = 0;                      // regions gone, or without result and reason
    uint64_t skipped = 0;                      // with a reason
    uint64_t disordered = 0;                   // frames that came after a later one, or twice
    uint64_t shared_batches = 0, batches = 0;  // shared: with faces of several streams
    int largest_frame = 0;                     // faces
};

// Thread-safe; one thread at a time per stream. Stream numbers are never used again.
class IntegrityJudge {
  public:
    explicit IntegrityJudge(std::vector<EchoModel> models) : models_(std::move(models)) {}

    // Puts a region on every true face and remembers what its crops are. Writable buffer.
    void mark(int stream, GstBuffer* frame, const GstVideoInfo& info);
    // Compares what the regions now say with the pixels under them.
    void examine(int stream, GstBuffer* frame, const GstVideoInfo& info);
    [[nodiscard]] uint64_t frames_of(int stream) const;

    // Both return false when fail() was called, before or while they wait.
    [[nodiscard]] bool wait_for_attributes(uint64_t count) const;
    [[nodiscard]] bool wait_for_frames(int stream, uint64_t count) const;
    void fail(const std::string& reason);
    [[nodiscard]] std::string failure() const;

    [[nodiscard]] Verdict verdict() const;

  private:
    // [region][model]
    using Checksums = std::vector<std::vector<uint32_t>>;
    struct StreamRecord {
        uint64_t frames = 0;
        int64_t last_frame = -1;
    };

    [[nodiscard]] Checksums checksums(GstBuffer* frame, const GstVideoInfo& info,
                                      const std::vector<DetectedFace>& regions) const;
    void compare(int stream, const std::vector<Face>& faces, const Checksums& expected)
        FACET_REQUIRES(mutex_);
    void compare(int stream, const Face& face, const std::vector<uint32_t>& expected)
        FACET_REQUIRES(mutex_);

    const std::vector<EchoModel> models_;
    mutable Mutex mutex_;  // guards all below; not held while pixels are read
    mutable CondVar changed_;
    Verdict verdict_ FACET_GUARDED_BY(mutex_);
    std::map<int, StreamRecord> streams_ FACET_GUARDED_BY(mutex_);
    std::unordered_map<uint32_t, std::set<int>> seen_
        FACET_GUARDED_BY(mutex_);  // checksum: streams
    std::map<uint64_t, int> batch_streams_ FACET_GUARDED_BY(mutex_);
    std::string failure_ FACET_GUARDED_BY(mutex_);
};

// The true faces of a frame as integral boxes inside it, at least two pixels each way, `most` at
// most.
[[nodiscard]] std::vector<DetectedFace> true_regions(GstBuffer* frame, const GstVideoInfo& info,
                                                     size_t most);

}  // namespace facet::testing
