// SPDX-License-Identifier: MIT
// FilterSettings: the properties that every element with a session has, and what they ask for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/session.h"
#include "gst/properties.h"

namespace facet {

// An element's own Settings derive from it and bring other defaults in their constructor.
struct FilterSettings {
    std::string device = "CPU";
    int max_batch = 16;
    double timeout_ms = 5;
    int requests = 1;
    int threads = 0;
    int queue_depth = 8;
    std::string session;
};

[[nodiscard]] SessionSettings session_settings(const FilterSettings& settings,
                                               const std::vector<std::filesystem::path>& models);

// kInvalidArgument, naming model and property, when one of the session's models says nothing that
// the element has a use for.
[[nodiscard]] Result<void> require_yields(const Session& session, Yield wanted);

// The engine speaks of "setting 'max_batch'"; an element of that class has "property 'max-batch'".
// Where it has no such property the words stay away.
[[nodiscard]] Error in_property_words(const Error& error, GObjectClass* klass);

template <typename Settings>
void add_filter_properties(PropertyTable<Settings>& table) {
    table.add_text(
        "device",
        "Where the models run: CPU, REFERENCE (slow and exact), or AUTO (the first of these)",
        &Settings::device, Mutable::kReady);
    table.add_int("max-batch", "Most items in one batch", &Settings::max_batch, 1, 2048,
                  Mutable::kReady);
    table.add_double("timeout",
                     "Longest time in milliseconds, fractions allowed, that an item waits for its "
                     "batch to start; 0: with whatever is there as soon as the device is free",
                     &Settings::timeout_ms, 0, 3'600'000, Mutable::kReady);
    table.add_int("requests", "Batches in flight at a time", &Settings::requests, 1, 64,
                  Mutable::kReady);
    table.add_int("threads", "CPU threads of one request; 0: as many as the machine has",
                  &Settings::threads, 0, 1024, Mutable::kReady);
    table.add_int("queue-depth",
                  "Frames of this stream under way at a time; when that many are, upstream waits",
                  &Settings::queue_depth, 1, 1024, Mutable::kReady);
    table.add_text("session",
                   "Elements that give the same name share one session and must agree on its "
                   "settings, others never do; empty: those with equal settings share one",
                   &Settings::session, Mutable::kReady);
}

}  // namespace facet
