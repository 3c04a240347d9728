// SPDX-License-Identifier: MIT
// FilterSettings: the properties that every element with a session has, and what they ask for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/session.h"
#include "gst/frame_stream.h"
#include "gst/properties.h"

namespace facet {

// An element's own Settings derive from it and bring other defaults in their constructor.
struct FilterSettings {
    std::string device = "CPU";
    int max_batch = 16;
    double timeout_ms = 5;
    std::string batch_profiles;
    int requests = 0;
    int threads = 0;
    std::string processors;
    int precision = static_cast<int>(Precision::kAuto);
    int queue_depth = 8;
    double latency_budget_ms = 0;
    double weight = 1;
    std::string session;
    int stats_interval_ms = 0;
    std::string stats_path;
    std::string trace_path;
};

// kInvalidArgument, naming the property, where a list is none.
[[nodiscard]] Result<SessionSettings> session_settings(
    const FilterSettings& settings, const std::vector<std::filesystem::path>& models);

// The GEnum of facet::Precision, with the nicks of kPrecisionNames.
[[nodiscard]] GType precision_type();
// All but the session and the behaviour.
void fill_stream_setup(const FilterSettings& settings, StreamSetup& setup);

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
        "Where the models run: CPU, GPU, GPU.1, GPU:PART of its name, AUTO (GPU and CPU under one "
        "queue), a list as AUTO:GPU,CPU, or REFERENCE (slow and exact); BATCH:CPU(8) is CPU with a "
        "max-batch of 8",
        &Settings::device, Mutable::kReady);
    table.add_int("max-batch", "Most items in one batch; 0: chosen by measurement, see stats",
                  &Settings::max_batch, 0, 2048, Mutable::kReady);
    table.add_text("batch-profiles",
                   "Ascending batch sizes, as 1,2,4,8: only these run, a batch between two is "
                   "padded or split, whichever costs less, and the largest takes the place of "
                   "max-batch; empty: every size runs",
                   &Settings::batch_profiles, Mutable::kReady);
    table.add_double("timeout",
                     "Longest time in milliseconds, fractions allowed, that an item waits for its "
                     "batch to start; 0: with whatever is there as soon as the device is free",
                     &Settings::timeout_ms, 0, 3'600'000, Mutable::kReady);
    table.add_double("latency-budget",
                     "Longest time in milliseconds from a crop to its result; timeout then follows "
                     "from it and from what batches cost; 0: none",
                     &Settings::latency_budget_ms, 0, 3'600'000, Mutable::kReady);
    table.add_double("weight",
                     "Share of this stream in batches that others contend for, against their "
                     "weights",
                     &Settings::weight, 0.01, 100, Mutable::kReady);
    table.add_int("requests",
                  "Batches in flight at a time; 0: chosen by measurement, with threads, see stats",
                  &Settings::requests, 0, 64, Mutable::kReady);
    table.add_int("threads",
                  "CPU threads of one request; 0: one per processor, shared out over the requests",
                  &Settings::threads, 0, 1024, Mutable::kReady);
    table.add_text("processors",
                   "Numbers of the processors that the models run on, as 0-3,6; empty: all that "
                   "the program may use",
                   &Settings::processors, Mutable::kReady);
    table.add_enum("precision", "What the models compute in; one that the device lacks is an error",
                   precision_type(), &Settings::precision, Mutable::kReady);
    table.add_int("queue-depth",
                  "Frames of this stream under way at a time; when that many are, upstream waits",
                  &Settings::queue_depth, 1, 1024, Mutable::kReady);
    table.add_text("session",
                   "Elements that give the same name share one session and must agree on its "
                   "settings, others never do; empty: those with equal settings share one",
                   &Settings::session, Mutable::kReady);
    table.add_int(
        "stats-interval",
        "Milliseconds between two element messages 'facet-stats', as frames pass; 0: none",
        &Settings::stats_interval_ms, 0, G_MAXINT, Mutable::kReady);
    table.add_text("stats-path",
                   "Prometheus text file with the figures of stats, replaced every stats-interval "
                   "(each second when that is 0) as frames pass",
                   &Settings::stats_path, Mutable::kReady);
    table.add_text("trace-path",
                   "File that gets the session's arrivals and decisions, to be replayed",
                   &Settings::trace_path, Mutable::kReady);
}

}  // namespace facet
