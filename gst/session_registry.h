// SPDX-License-Identifier: MIT
// SessionRegistry: elements with equal settings share one Session of the process.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/base/result.h"
#include "engine/session.h"
#include "gst/pipeline_clock.h"

namespace facet {

using SessionOpener =
    std::function<Result<std::shared_ptr<Session>>(const SessionSettings& settings, Clock& clock)>;

// Invariants:
//  - a session lives as long as somebody holds it; the registry never keeps one alive;
//  - at most one session per (name, settings, clock) is open or being opened at a time;
//  - at most one session of a given non-empty name and clock is, whatever its settings;
//  - a session outlives neither its clock nor those that hold it;
//  - sessions of different names are never the same; the empty name means "by settings alone".
// Thread-safe.
class SessionRegistry {
  public:
    explicit SessionRegistry(SessionOpener opener) : opener_(std::move(opener)) {}

    // The live session of that name, clock and those settings, or a new one; null: the monotonic
    // clock. Times of two clocks cannot be compared, so pipelines of two cannot batch. Waits while
    // another thread opens it, and then shares its outcome, error included. kInvalidArgument,
    // naming the first property that differs, when the name is taken by other settings.
    [[nodiscard]] Result<std::shared_ptr<Session>> acquire(const std::string& name,
                                                           const SessionSettings& settings,
                                                           GstClock* clock = nullptr);

    // For programs that bring sessions of their own; concerns sessions not yet open.
    void replace_opener(SessionOpener opener) FACET_EXCLUDES(mutex_);

  private:
    struct Entry {
        std::string name;
        SessionSettings settings;
        Ref<GstClock> clock;
        std::weak_ptr<Session> session;
        bool opening = true;
        std::optional<Error> error;  // why it could not be opened
    };

    [[nodiscard]] std::shared_ptr<Entry> find(const std::string& name,
                                              const SessionSettings& settings, GstClock* clock)
        FACET_REQUIRES(mutex_);
    void forget_the_dead() FACET_REQUIRES(mutex_);

    Mutex mutex_;     // guards all below; not held while a session is opened
    CondVar opened_;  // an entry ceased to be opening
    SessionOpener opener_ FACET_GUARDED_BY(mutex_);
    std::vector<std::shared_ptr<Entry>> entries_ FACET_GUARDED_BY(mutex_);
};

// The property by which two settings differ, with both values: "timeout is 5 ms here, 10 ms there".
// Empty when they are equal.
[[nodiscard]] std::string difference(const SessionSettings& here, const SessionSettings& there);

// The process's registry; opens with Session::open().
[[nodiscard]] SessionRegistry& session_registry();

}  // namespace facet
