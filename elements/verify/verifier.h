// SPDX-License-Identifier: MIT
// Verifier: counts how far what models say of a stream's faces agrees with what is known of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "elements/verify/face_matching.h"
#include "gst/face_meta.h"
#include "gst/ground_truth_meta.h"

namespace facet {

struct Score {
    uint64_t of = 0, right = 0;

    [[nodiscard]] std::optional<double> share() const;  // nothing: of nothing
};

// What is counted of any group of true faces.
struct Tally {
    Score found;           // of the faces that count
    Score gender, mood;    // of the faces found that have the attribute
    uint64_t aged = 0;     // faces found with an age
    double age_error = 0;  // years, the sum of the absolute differences

    [[nodiscard]] std::optional<double> mean_age_error() const;
};

// [what is true][what was said], in faces.
using Confusion = std::map<std::string, std::map<std::string, uint64_t>>;
using Groups = std::map<std::string, Tally>;

struct Findings {
    uint64_t frames = 0;          // with ground truth
    uint64_t unknown_frames = 0;  // without: nothing else is counted of them
    uint64_t excused_truths = 0, excused_detections = 0;  // see match_faces()
    uint64_t invented = 0;                                // detections where no face is
    uint64_t skipped = 0;       // found, and classifying said why it did not
    uint64_t unclassified = 0;  // found, with neither attribute nor such a reason
    uint64_t swapped = 0;       // see Verifier
    uint64_t misplaced = 0;     // see Verifier
    uint64_t tracked = 0, identity_switches = 0;
    Tally all;
    Confusion gender, mood;
    Groups by_skin_tone, by_size, by_lighting;

    // Of the detections that count, those of a face.
    [[nodiscard]] std::optional<double> precision() const;
};

// How far, in percentage points, the worst group lies behind all faces in recall, gender or mood.
// Groups are looked at where they have so many faces that chance alone does not make such a gap.
struct GroupGap {
    double points = 0;  // 0: none is behind
    std::string group;  // "skin_tone 3: mood"
};
constexpr uint64_t kLeastGroup = 200;
[[nodiscard]] std::optional<GroupGap> worst_group_gap(const Findings& findings);

// Two signs of results that are not their own face's, besides being wrong:
// - swapped: at least two of gender, mood and age (by more than ten years) contradict the face, and
//   all three fit another face of the frame. Models that are right on 98 % do this by
//   chance on about one face in a thousand; results dealt to the wrong faces do it mostly.
// - misplaced: a result that says it was taken from another frame than the one that carries it,
//   without saying that it was reused. Exact, wherever frames have timestamps.
// An identity switch is a true face whose tracker's id differs from the one it had when last found.
// Thread-bound.
class Verifier {
  public:
    Verifier(double least_iou, double least_visible)
        : least_iou_(least_iou), least_visible_(least_visible) {}

    // `faces` and `truth` in pixels of the same frame; `pts` of that frame, if it has one.
    void add(const std::optional<GroundTruth>& truth, const std::vector<Face>& faces,
             std::optional<uint64_t> pts);
    [[nodiscard]] const Findings& findings() const { return findings_; }

  private:
    void add_found(const std::vector<TrueFace>& truths, const TrueFace& truth, const Face& face,
                   std::optional<uint64_t> pts);
    void add_attributes(const TrueFace& truth, const Face& face);
    void add_identity(const TrueFace& truth, const Face& face);
    // The tallies a true face counts in.
    [[nodiscard]] std::vector<Tally*> tallies(const TrueFace& truth);

    const double least_iou_, least_visible_;
    Findings findings_;
    std::map<uint64_t, int> last_track_;  // by identity
};

}  // namespace facet
