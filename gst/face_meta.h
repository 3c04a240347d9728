// SPDX-License-Identifier: MIT
// Faces on a GstBuffer: written by facetdetect and facetclassify, read by everything downstream.
//
// A face is one GstVideoRegionOfInterestMeta whose params are GstStructures (DL Streamer's names,
// so that its users can switch):
//   "detection"  label_id int, confidence double, x_min x_max y_min y_max double (fractions of
//   frame),
//                label string, model_name string
//   "<attribute>" (age, gender, mood, ...)  label string, label_id int, confidence double,
//                attribute_name string, model_name string, layer_name string, value double (numbers
//                only), values array of double (landmarks, angles), device string, batch_id
//                guint64, batch_size int, batch_streams int, wait_us gint64, infer_us gint64,
//                reused boolean, source_pts guint64
//   "skipped"    reason string, detail string: the face was to be classified and has no result
//   "object_id"  id int (a tracker's)
// This is the only file of the project that knows these names. All functions are thread-bound to
// the buffer they are given; reading needs a readable buffer, writing a writable one.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace facet {

// How an attribute came about; see the param names above.
struct FaceProvenance {
    std::string device;
    uint64_t batch_id = 0;
    int batch_size = 0;                             // faces in the batch
    int batch_streams = 0;                          // distinct streams with a face in it
    int64_t wait_us = 0;                            // from crop to the start of its batch
    int64_t infer_us = 0;                           // from the start of the batch to its results
    bool reused = false;                            // taken over from an earlier frame
    GstClockTime source_pts = GST_CLOCK_TIME_NONE;  // of the frame the crop was taken from
};

struct FaceAttribute {
    std::string name;  // "age", "gender", "mood", ...
    std::string label;
    int label_id = -1;
    double confidence = 1.0;      // 0..1
    std::optional<double> value;  // age in years
    std::vector<double> values;   // several numbers: landmarks, head-pose angles
    std::string model_name, layer_name;
    FaceProvenance provenance;
};

enum class SkipReason { kTooSmall, kLate, kOverload, kFailed, kNotDue };
[[nodiscard]] const char* to_string(SkipReason reason);  // "too-small", "late", ...

// One face as read back. Box in pixels of the frame, clipped to it; see read_faces().
struct Face {
    int roi_id = 0;    // GstVideoRegionOfInterestMeta::id, see give_unique_ids()
    std::string type;  // roi_type: "face"
    int x = 0, y = 0, width = 0, height = 0;
    double confidence = 0;  // of the detection; 0 when another element made the region
    std::string detection_model;
    std::optional<int> object_id;
    std::vector<FaceAttribute> attributes;  // in the order they were written
    std::string skipped;                    // reason, or empty
    std::string skipped_detail;

    [[nodiscard]] const FaceAttribute* attribute(const std::string& name) const;
};

struct DetectedFace {
    int x = 0, y = 0, width = 0, height = 0;  // pixels, inside the frame
    double confidence = 0;
    int label_id = 0;
    std::string label;  // becomes the region's type
    std::string model_name;
};

// Adds a region; returns its roi id, unique among the buffer's regions. The frame's size makes the
// fractions of the "detection" param.
int add_face(GstBuffer* buffer, const DetectedFace& face, int frame_width, int frame_height);
// Regions of other elements often all have id 0. Gives each region that repeats an earlier one's id
// an id of its own. Call it before reading faces whose results are written back later by roi id.
void give_unique_ids(GstBuffer* buffer);

// Writes on the regions of one buffer, which it looks up once: nobody else adds or removes any as
// long as it lives. It is quickest when they are written in the order they were added.
class FaceWriter {
  public:
    explicit FaceWriter(GstBuffer* buffer);

    // Writes or replaces the attribute of that name. False when the buffer has no such region, or
    // the name is none: letters, digits and -_/.:+ after a letter, and not one of the params named
    // above.
    bool set_attribute(int roi_id, const FaceAttribute& attribute);
    bool set_skipped(int roi_id, SkipReason reason, const std::string& detail);

  private:
    GstMeta* region_with_id(int roi_id);

    GstBuffer* const buffer_;
    const std::vector<GstMeta*> regions_;
    size_t latest_ = 0;  // where the search starts
};
// The same for a single one.
bool set_attribute(GstBuffer* buffer, int roi_id, const FaceAttribute& attribute);
bool set_skipped(GstBuffer* buffer, int roi_id, SkipReason reason, const std::string& detail);

// Every region of the buffer, in the order they were added; `type` empty: all types. Params of
// other elements count as attributes when they hold a label, label_id, value or values; fields that
// are missing or of another type read as their defaults. A label that is a number, where there is
// no label_id (DL Streamer's "text" converter), is the value, too. Boxes are clipped to the size of
// the caller's caps; where that is 0 to the buffer's GstVideoMeta, and without one to x, y >= 0.
[[nodiscard]] std::vector<Face> read_faces(GstBuffer* buffer, const std::string& type = {},
                                           int frame_width = 0, int frame_height = 0);

}  // namespace facet
