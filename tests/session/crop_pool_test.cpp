// SPDX-License-Identifier: MIT
// Where crop buffers come from and go to.
#include "engine/session/crop_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace facet {
namespace {

const std::vector<CropSpec> kSpecs{{.width = 5, .height = 3},
                                   {.width = 4, .height = 4, .order = ColorOrder::kGray}};

TEST(CropPool, GivesRoomForOneCropOfEverySpec) {
    CropPool pool(kSpecs, 4);
    CropBuffer buffer = pool.acquire();
    EXPECT_EQ(buffer.pixels(0).size(), 45u);
    EXPECT_EQ(buffer.pixels(1).size(), 16u);
    EXPECT_TRUE(buffer.pixels(2).empty());
    EXPECT_GE(buffer.pixels(1).data(), buffer.pixels(0).data() + 45);
    EXPECT_TRUE(CropBuffer().pixels(0).empty());
}

TEST(CropPool, GivesAReturnedBufferAgainAndNeverOneThatIsOut) {
    CropPool pool(kSpecs, 4);
    CropBuffer first = pool.acquire();
    CropBuffer second = pool.acquire();
    EXPECT_NE(first.pixels(0).data(), second.pixels(0).data());
    const uint8_t* const memory = first.pixels(0).data();
    first = {};
    EXPECT_EQ(pool.kept(), 1u);
    EXPECT_EQ(pool.acquire().pixels(0).data(), memory);
}

TEST(CropPool, KeepsNoMoreThanItIsAllowed) {
    CropPool pool(kSpecs, 2);
    std::vector<CropBuffer> burst;
    for (int i = 0; i < 10; ++i) burst.push_back(pool.acquire());
    burst.clear();
    EXPECT_EQ(pool.kept(), 2u);
}

TEST(CropPool, MayBeOutlivedByItsBuffers) {
    auto pool = std::make_unique<CropPool>(kSpecs, 2);
    CropBuffer buffer = pool->acquire();
    const CropBuffer kept = pool->acquire();
    pool.reset();
    std::ranges::fill(buffer.pixels(0), uint8_t{7});
    EXPECT_EQ(buffer.pixels(0)[44], 7);
}

TEST(CropPool, ServesSeveralThreads) {
    CropPool pool(kSpecs, 3);
    std::vector<std::thread> threads;
    for (uint8_t value = 0; value < 4; ++value)
        threads.emplace_back([&pool, value] {
            for (int i = 0; i < 2'000; ++i) {
                CropBuffer buffer = pool.acquire();
                std::ranges::fill(buffer.pixels(0), value);
                EXPECT_TRUE(std::ranges::all_of(buffer.pixels(0),
                                                [&](uint8_t pixel) { return pixel == value; }));
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(pool.kept(), 3u);
}

}  // namespace
}  // namespace facet
