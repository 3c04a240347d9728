// SPDX-License-Identifier: MIT
// FrameWindow: order, bound, flush.
#include "gst/frame_window.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace facet {
namespace {

constexpr int kFlushing = -2;
constexpr int kEndOfStream = -3;
using Window = FrameWindow<std::unique_ptr<std::string>>;

std::unique_ptr<std::string> entry(const std::string& name) {
    return std::make_unique<std::string>(name);
}

void ignore_blocking(bool) {}

Window::FrameId add(Window& window, const std::string& name, size_t tokens) {
    EXPECT_TRUE(window.wait_for_room(ignore_blocking));
    auto frame = entry(name);
    return *window.add_frame(frame, tokens);
}

std::string next(Window& window) {
    auto taken = window.take();
    window.put_down();
    return taken ? **taken : "closed";
}

TEST(FrameWindow, KeepsOrderWhenTokensCompleteOutOfOrder) {
    Window window(4, kFlushing);
    window.open();
    const auto first = add(window, "first", 1);
    window.add_event(entry("caps"));
    const auto second = add(window, "second", 2);
    window.complete(second);
    window.complete(second);
    std::future<std::string> taken = std::async(std::launch::async, [&] { return next(window); });
    window.complete(first);
    EXPECT_EQ(taken.get(), "first");
    EXPECT_EQ(next(window), "caps");
    EXPECT_EQ(next(window), "second");
}

TEST(FrameWindow, HoldsAFrameUntilItsLastToken) {
    Window window(2, kFlushing);
    window.open();
    const auto frame = add(window, "frame", 3);
    std::atomic<bool> last_token_given{false};
    std::thread task([&] {
        EXPECT_EQ(next(window), "frame");
        EXPECT_TRUE(last_token_given);
    });
    window.complete(frame);
    window.complete(frame);
    std::this_thread::yield();
    last_token_given = true;
    window.complete(frame);
    task.join();
}

TEST(FrameWindow, AFrameWithoutTokensIsReadyAtOnce) {
    Window window(1, kFlushing);
    window.open();
    add(window, "empty", 0);
    EXPECT_EQ(next(window), "empty");
}

TEST(FrameWindow, BlocksWhenFullUntilTheTaskPutsAFrameDown) {
    Window window(1, kFlushing);
    window.open();
    add(window, "first", 0);
    auto in_hand = window.take();  // in hand still counts
    std::promise<void> blocked;
    std::vector<bool> told;
    auto room = std::async(std::launch::async, [&] {
        return window.wait_for_room([&](bool waits) {
            told.push_back(waits);
            if (waits) blocked.set_value();
        });
    });
    blocked.get_future().wait();
    window.put_down();
    EXPECT_TRUE(room.get());
    EXPECT_EQ(told, (std::vector<bool>{true, false}));
}

TEST(FrameWindow, EventsFindRoomInAFullWindow) {
    Window window(1, kFlushing);
    window.open();
    add(window, "frame", 0);
    window.add_event(entry("eos"));
    EXPECT_EQ(next(window), "frame");
    EXPECT_EQ(next(window), "eos");
}

TEST(FrameWindow, ClosingWakesBothSidesAndNamesTheFirstReason) {
    Window window(1, kFlushing);
    window.open();
    add(window, "stuck", 1);
    std::promise<void> blocked;
    auto room = std::async(std::launch::async, [&] {
        return window.wait_for_room([&](bool waits) {
            if (waits) blocked.set_value();
        });
    });
    auto taken = std::async(std::launch::async, [&] { return next(window); });
    blocked.get_future().wait();
    window.close(kEndOfStream);
    window.close(kFlushing);
    EXPECT_FALSE(room.get());
    EXPECT_EQ(taken.get(), "closed");
    EXPECT_EQ(window.reason(), kEndOfStream);
}

TEST(FrameWindow, OpeningReturnsWhatWasLeftAndForgetsItsTokens) {
    Window window(2, kFlushing);
    window.open();
    const auto old = add(window, "old", 1);
    window.add_event(entry("caps"));
    window.close(kFlushing);
    auto late = entry("late");
    EXPECT_FALSE(window.add_frame(late, 0).has_value());
    EXPECT_EQ(*late, "late");
    const auto dropped = window.open();
    ASSERT_EQ(dropped.size(), 2u);
    EXPECT_EQ(*dropped[0], "old");
    EXPECT_EQ(*dropped[1], "caps");
    add(window, "new", 1);
    window.complete(old);  // must not complete the new frame
    window.add_event(entry("after"));
    auto taken = std::async(std::launch::async, [&] { return next(window); });
    window.close(kFlushing);
    EXPECT_EQ(taken.get(), "closed");
}

TEST(FrameWindow, IsNotEmptyWhileTheTaskHoldsAnEvent) {
    Window window(1, kFlushing);
    window.open();
    window.add_event(entry("caps"));
    auto caps = window.take();
    std::promise<void> blocked;
    auto empty = std::async(std::launch::async, [&] {
        return window.wait_until_empty([&](bool waits) {
            if (waits) blocked.set_value();
        });
    });
    blocked.get_future().wait();
    window.put_down();
    EXPECT_TRUE(empty.get());
}

}  // namespace
}  // namespace facet
