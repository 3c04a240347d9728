// SPDX-License-Identifier: MIT
// Sessions on puppets: settings, items whose answers are known, a fixture.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/session.h"
#include "tests/session/result_collector.h"
#include "tests/support/manual_clock.h"
#include "tests/support/puppet_backend.h"

namespace facet::testing {

constexpr CropSpec kSmall{.width = 8, .height = 8};

inline SessionSettings settings_for(std::vector<std::string> models, int max_batch,
                                    Duration timeout) {
    SessionSettings settings;
    for (const std::string& model : models) settings.models.push_back({.path = model, .info = {}});
    settings.device = "PUPPET";
    settings.max_batch = max_batch;
    settings.timeout = timeout;
    return settings;
}

inline std::shared_ptr<Session> open(const SessionSettings& settings, Clock& clock) {
    Result<std::shared_ptr<Session>> session = Session::open(settings, clock);
    EXPECT_TRUE(session.ok()) << (session.ok() ? "" : session.error().text());
    return *session;
}

// An item whose crops are all filled with `value`, which is not 0.
inline Item item_of(Session& session, OwnerId owner, uint8_t value, Done done) {
    Item item;
    item.owner = owner;
    item.crops = session.acquire_crops();
    for (size_t spec = 0; spec < session.crop_specs().size(); ++spec)
        std::ranges::fill(item.crops.pixels(spec), value);
    item.done = std::move(done);
    return item;
}

inline void submit(Session& session, Item item) {
    std::vector<Item> items;
    items.push_back(std::move(item));
    session.submit(std::move(items));
}

inline uint32_t checksum_of(uint8_t value, const CropSpec& spec) {
    return checksum(std::vector<uint8_t>(spec.byte_size(), value));
}

// Sessions whose model "sum" is a puppet, by a clock that the test moves.
class SessionTest : public ::testing::Test {
  protected:
    // Items 1..count of one owner, submitted at once; item n is filled with n.
    void submit_numbered(Session& session, OwnerId owner, ResultCollector& collector, int count) {
        std::vector<Item> items;
        for (int number = 1; number <= count; ++number)
            items.push_back(
                item_of(session, owner, static_cast<uint8_t>(number), collector.done(number - 1)));
        session.submit(std::move(items));
    }

    ManualClock clock_;
    Puppet puppet_{kSmall};
    PuppetDevice device_{{{"sum", puppet_}}};
};

}  // namespace facet::testing
