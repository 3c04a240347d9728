// SPDX-License-Identifier: MIT
// Sessions of one model file, at several image sizes: what they read and hold once.
#include "engine/session/model_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "engine/session/session_internal.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

constexpr const char* kDetector =
    "models/face-detection-retail-0004/FP32/face-detection-retail-0004.xml";

SessionSettings sized(const std::filesystem::path& path, ImageSize size) {
    SessionSettings settings;
    settings.models.push_back({.path = path, .info = {}});
    if (const char* directory = std::getenv("FACET_MODEL_INFO_PATH"))
        settings.info_directories.emplace_back(directory);
    settings.image_size = size;
    settings.max_batch = 2;
    settings.threads = 1;
    return settings;
}

TEST(ModelFilesOfSessions, ImageSizesHoldTheirWeightsOnce) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    const SessionSettings large = sized(detector, {320, 320}), small = sized(detector, {192, 160});
    const auto first = load_model(large.models[0], large);
    const auto second = load_model(small.models[0], small);
    ASSERT_TRUE(first.ok() && second.ok());
    std::set<const void*> held;
    for (const Value& value : first->graph->values)
        if (value.constant) held.insert(value.constant->view().bytes);
    size_t all = 0, shared = 0;
    for (const Value& value : second->graph->values) {
        if (!value.constant) continue;
        const TensorView view = value.constant->view();
        all += view.byte_size();
        if (held.contains(view.bytes)) shared += view.byte_size();
    }
    EXPECT_GT(all, size_t{2} << 20);
    // Prior boxes are each size's own.
    EXPECT_GT(static_cast<double>(shared), 0.9 * static_cast<double>(all));
}

TEST(ModelFilesOfSessions, AFileIsReadOnceWhileAHoldLives) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    const auto read = [&] {
        const auto graph = read_model_once(detector, {}, true);
        EXPECT_TRUE(graph.ok());
        return graph.ok() ? *graph : nullptr;
    };
    const auto before = read();
    EXPECT_NE(before, read());
    std::shared_ptr<const Graph> within;
    {
        const ModelFilesHold hold;
        within = read();
        const ModelFilesHold another;
        EXPECT_EQ(within, read());
    }
    EXPECT_NE(within, read());
}

TEST(ModelFilesOfSessions, EachImageSizeHasCostsOfItsOwn) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    const auto small = Session::open(sized(detector, {64, 64}));
    const auto large = Session::open(sized(detector, {320, 320}));
    ASSERT_TRUE(small.ok() && large.ok());
    EXPECT_LT((*small)->service_bound(), (*large)->service_bound());
}

}  // namespace
}  // namespace facet
