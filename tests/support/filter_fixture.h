// SPDX-License-Identifier: MIT
// FilterFixture: facetdetect and facetclassify in a GstHarness, with a puppet for a session.
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gst/ref.h"
#include "tests/support/puppet_session.h"

namespace facet::testing {

// A square of the frame, all of one colour, with a region of the type on it.
struct PaintedFace {
    int x = 0, y = 0, size = 8;
    uint8_t pixel = 0;
    std::string type = "face";
};

constexpr int kFrameSize = 32;  // pixels, both ways
constexpr GstClockTime kFrameTime = 33 * GST_MSECOND;

// BGR, kFrameSize square, at index * kFrameTime.
[[nodiscard]] GstBuffer* painted_frame(int index, const std::vector<PaintedFace>& faces);
[[nodiscard]] std::string bgr_caps(int size);

// Everything that came out of a pad, in order, as words: "buffer 3" (by PTS), "caps 32", "eos", ...
class PadLog {
  public:
    explicit PadLog(GstPad* pad);
    ~PadLog();
    PadLog(const PadLog&) = delete;
    PadLog& operator=(const PadLog&) = delete;
    // Blocks until `word` has come out.
    void wait_for(const std::string& word);
    [[nodiscard]] std::vector<std::string> words() const;

  private:
    void add(GstPadProbeInfo* info);

    const Ref<GstPad> pad_;
    gulong probe_ = 0;
    mutable Mutex mutex_;  // guards words_
    CondVar changed_;
    std::vector<std::string> words_ FACET_GUARDED_BY(mutex_);
};

class FilterFixture : public ::testing::Test {
  protected:
    static void SetUpTestSuite();
    void SetUp() override;
    void TearDown() override;

    using Properties = std::map<std::string, std::string>;
    // Not started; a model is set. Its messages go to bus().
    [[nodiscard]] GstElement* make(const char* factory, const Properties& properties = {});
    // Started, with caps; torn down by TearDown().
    GstHarness* start(const char* factory, const Properties& properties = {});
    GstHarness* start(GstElement* element);

    // What sessions are opened as from now on.
    void use(PuppetMode mode, PuppetAnswer answer = first_pixel);
    // Of those opened, in order; null when closed since.
    [[nodiscard]] std::shared_ptr<PuppetSession> puppet(size_t index = 0) const;
    [[nodiscard]] size_t sessions_opened() const { return puppets_.size(); }

    [[nodiscard]] GstBus* bus() const { return bus_; }
    struct BusError {
        GQuark domain;
        int code;
        std::string text;
    };
    [[nodiscard]] std::vector<BusError> errors() const;
    [[nodiscard]] std::string model_file() const { return model_.string(); }

  private:
    std::filesystem::path model_;
    GstBus* bus_ = nullptr;
    std::vector<GstHarness*> harnesses_;
    std::vector<std::weak_ptr<PuppetSession>> puppets_;
};

}  // namespace facet::testing
