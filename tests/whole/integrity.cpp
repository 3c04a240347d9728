// SPDX-License-Identifier: MIT
// No result ever on a wrong face or stream: sixteen streams in one session while streams are
// flushed, resized, taken away and replaced.
#include <gst/gst.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "tests/support/puppet_backend.h"
#include "tests/whole/integrity_judge.h"
#include "tests/whole/stream_chain.h"
#include "tests/whole/unbatched.h"

GST_ELEMENT_REGISTER_DECLARE(facettestsrc)
GST_ELEMENT_REGISTER_DECLARE(facetclassify)

namespace facet::testing {
namespace {

constexpr int kStreams = 16;
constexpr size_t kMaxBatch = 32;

struct Options {
    uint64_t attributes = 200'000;
    int disturbances = 120;
    int compared_frames = 120;
    std::string model = "facet-attributes";
};

const std::vector<EchoModel>& echo_models() {
    static const std::vector<EchoModel> models = {
        {"echo-small", {.width = 8, .height = 8}},
        {"echo-wide", {.width = 24, .height = 12, .order = ColorOrder::kRgb}}};
    return models;
}

// About a millisecond, however many rows: so waiting pays, and while the device is busy the faces
// of several streams come together.
void take_a_while(int /*rows*/) {
    static const std::vector<uint8_t> kPixels(500'000, 1);
    const volatile uint32_t sum = checksum(kPixels);
    static_cast<void>(sum);
}

Puppet echo(const EchoModel& model) {
    Puppet puppet(model.crop, [name = model.name](std::span<const uint8_t> pixels) {
        Converted said = answer_checksum(pixels);
        said.attributes[0].name = name;
        return said;
    });
    puppet.work_in_runs(take_a_while);
    return puppet;
}

// Empty files for the elements to find; the puppet device never opens them.
class ModelFiles {
  public:
    ModelFiles() {
        char pattern[] = "/tmp/facet-integrity-XXXXXX";
        directory_ = mkdtemp(pattern);
        for (const EchoModel& model : echo_models()) {
            const std::filesystem::path path = directory_ / (model.name + ".xml");
            std::ofstream(path) << "<puppet/>";
            if (!list_.empty()) list_ += ',';
            list_ += path.string();
        }
    }
    ~ModelFiles() { std::filesystem::remove_all(directory_); }
    ModelFiles(const ModelFiles&) = delete;
    ModelFiles& operator=(const ModelFiles&) = delete;

    [[nodiscard]] const std::string& list() const { return list_; }

  private:
    std::filesystem::path directory_;
    std::string list_;
};

// Streams in places 0..15 of one pipeline, each with its own crowd; a stream that takes another's
// place has a number and a seed of its own.
class Stage {
  public:
    Stage(IntegrityJudge& judge, std::string classify)
        : judge_(judge), classify_(std::move(classify)), pipeline_(gst_pipeline_new(nullptr)) {
        gst_object_ref_sink(pipeline_);
        const auto bus = adopt(gst_element_get_bus(pipeline_));
        gst_bus_set_sync_handler(bus.get(), &Stage::on_message, &judge_, nullptr);
        gst_element_set_state(pipeline_, GST_STATE_PLAYING);
        for (size_t place = 0; place < places_.size(); ++place) put_new(place);
    }
    ~Stage() {
        for (Place& place : places_) place.chain.reset();
        gst_element_set_state(pipeline_, GST_STATE_NULL);
        gst_object_unref(pipeline_);
    }
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    // One stream is flushed, resized or replaced; true once it has brought frames after that.
    [[nodiscard]] bool disturb() {
        const size_t place = random_() % places_.size();
        StreamChain& chain = *places_[place].chain;
        const uint64_t before = judge_.frames_of(places_[place].stream);
        switch (random_() % 4) {
            case 0:
                places_[place].chain.reset();
                put_new(place);
                return judge_.wait_for_frames(places_[place].stream, 1);
            case 1:
                chain.resize(160 + 16 * static_cast<int>(random_() % 12), 180);
                return judge_.wait_for_frames(places_[place].stream, before + 1);
            default:
                chain.flush();
                return judge_.wait_for_frames(places_[place].stream, before + 1);
        }
    }

  private:
    struct Place {
        int stream = 0;
        std::unique_ptr<StreamChain> chain;
    };

    void put_new(size_t place) {
        // From an almost empty room to a crowd of forty.
        constexpr std::array kFaces = {0.3, 1.0, 2.0, 4.0, 6.0, 9.0, 14.0, 20.0};
        constexpr std::array kArrivals = {"poisson", "burst", "crowd", "constant"};
        const int stream = next_stream_++;
        StreamSettings settings;
        settings.seed = 1000 + 7919 * static_cast<uint64_t>(stream);
        settings.faces = place == 15 ? 40 : kFaces[place % kFaces.size()];
        settings.arrival = kArrivals[place % kArrivals.size()];
        settings.width = 192 + 16 * static_cast<int>(place);
        settings.classify = classify_;
        places_[place] = {stream, std::make_unique<StreamChain>(
                                      pipeline_, settings,
                                      [this, stream](GstBuffer* frame, const GstVideoInfo& info) {
                                          judge_.mark(stream, frame, info);
                                      },
                                      [this, stream](GstBuffer* frame, const GstVideoInfo& info) {
                                          judge_.examine(stream, frame, info);
                                      })};
    }

    static GstBusSyncReply on_message(GstBus*, GstMessage* message, gpointer judge) {
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
            GError* error = nullptr;
            gst_message_parse_error(message, &error, nullptr);
            static_cast<IntegrityJudge*>(judge)->fail(error->message);
            g_error_free(error);
        }
        gst_message_unref(message);
        return GST_BUS_DROP;
    }

    IntegrityJudge& judge_;
    const std::string classify_;
    GstElement* const pipeline_;
    std::array<Place, kStreams> places_;
    int next_stream_ = 0;
    std::mt19937 random_{4};
};

struct Run {
    Verdict verdict;
    std::vector<int> batch_sizes;
    std::string failure;
};

Run run_echoes(const Options& options) {
    const ModelFiles files;
    std::map<std::string, Puppet> puppets;
    for (const EchoModel& model : echo_models()) puppets.emplace(model.name, echo(model));
    const PuppetDevice device(puppets);
    IntegrityJudge judge(echo_models());
    {
        Stage stage(judge, "device=PUPPET max-batch=" + std::to_string(kMaxBatch) +
                               " timeout=5 models=" + files.list());
        const uint64_t interval =
            options.attributes / (static_cast<uint64_t>(options.disturbances) + 1);
        bool going = true;
        for (int done = 0; going && done < options.disturbances; ++done)
            going = judge.wait_for_attributes(interval * (static_cast<uint64_t>(done) + 1)) &&
                    stage.disturb();
        if (going) static_cast<void>(judge.wait_for_attributes(options.attributes));
    }
    return {judge.verdict(), puppets.begin()->second.batch_sizes(), judge.failure()};
}

bool report(const Run& run) {
    const Verdict& verdict = run.verdict;
    const int largest = run.batch_sizes.empty()
                            ? 0
                            : *std::max_element(run.batch_sizes.begin(), run.batch_sizes.end());
    const double mean =
        static_cast<double>(std::accumulate(run.batch_sizes.begin(), run.batch_sizes.end(), 0L)) /
        static_cast<double>(std::max<size_t>(run.batch_sizes.size(), 1));
    std::printf("%llu frames, %llu faces, up to %d in a frame, %llu skipped with a reason\n",
                static_cast<unsigned long long>(verdict.frames),
                static_cast<unsigned long long>(verdict.faces), verdict.largest_frame,
                static_cast<unsigned long long>(verdict.skipped));
    std::printf(
        "%zu batches, %.1f faces on average, %d at most; %.0f %% of them of several streams\n",
        run.batch_sizes.size(), mean, largest,
        100.0 * static_cast<double>(verdict.shared_batches) /
            static_cast<double>(std::max<uint64_t>(verdict.batches, 1)));
    std::printf("wrong face %llu, wrong stream %llu, no result %llu, out of order %llu\n",
                static_cast<unsigned long long>(verdict.wrong_face),
                static_cast<unsigned long long>(verdict.wrong_stream),
                static_cast<unsigned long long>(verdict.missing),
                static_cast<unsigned long long>(verdict.disordered));
    if (!run.failure.empty()) std::printf("failed: %s\n", run.failure.c_str());
    return run.failure.empty() && verdict.wrong_face == 0 && verdict.missing == 0 &&
           verdict.disordered == 0 && verdict.shared_batches > 0 &&
           largest <= static_cast<int>(kMaxBatch);
}

bool report_comparison(const Options& options) {
    const auto compared = compare_with_unbatched(options.model, kStreams, options.compared_frames);
    if (!compared) {
        std::printf("batched against unbatched: %s\n", compared.error().message.c_str());
        return false;
    }
    std::printf(
        "batched (%.1f faces on average) against unbatched, %s: %llu attributes, %llu unequal, "
        "%llu in one run only, largest difference %g\n",
        compared->mean_batch, options.model.c_str(),
        static_cast<unsigned long long>(compared->attributes),
        static_cast<unsigned long long>(compared->unequal),
        static_cast<unsigned long long>(compared->missing), compared->largest_difference);
    return compared->attributes > 0 && compared->unequal == 0 && compared->missing == 0;
}

int run(const Options& options) {
    const Run echoes = run_echoes(options);
    const bool right = report(echoes);
    const bool equal = report_comparison(options);
    std::printf("{\"attributes\": %llu, \"wrong_face\": %llu, \"wrong_stream\": %llu}\n",
                static_cast<unsigned long long>(echoes.verdict.attributes),
                static_cast<unsigned long long>(echoes.verdict.wrong_face),
                static_cast<unsigned long long>(echoes.verdict.wrong_stream));
    return right && equal ? 0 : 1;
}

}  // namespace
}  // namespace facet::testing

int main(int argc, char** argv) {
    facet::testing::Options options;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--quick") == 0) {
            options.attributes = 30'000;
            options.disturbances = 40;
            options.compared_frames = 25;
        } else if (std::strcmp(argv[i], "--model") == 0 && i + 1 < argc) {
            options.model = argv[++i];
        } else {
            std::fprintf(stderr, "usage: tests/integrity [--quick] [--model FILE-OR-NAME]\n");
            return 2;
        }
    }
    // The elements under test are linked in; the plugin file must not bring them a second time.
    unsetenv("GST_PLUGIN_PATH");
    gst_init(nullptr, nullptr);
    GST_ELEMENT_REGISTER(facettestsrc, nullptr);
    GST_ELEMENT_REGISTER(facetclassify, nullptr);
    return facet::testing::run(options);
}
