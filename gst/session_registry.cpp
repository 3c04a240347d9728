// SPDX-License-Identifier: MIT
// Finding, opening once and comparing sessions.
#include "gst/session_registry.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "engine/base/processors.h"

namespace facet {

namespace {

std::string in_quotes(const std::string& text) {
    std::ostringstream stream;
    stream << '\'' << text << '\'';
    return stream.str();
}

std::string words(const std::vector<ModelSettings>& models, bool infos) {
    std::string list;
    for (const ModelSettings& model : models) {
        if (!list.empty()) list += ',';
        list += infos ? model.info : model.path.string();
    }
    return in_quotes(list);
}

std::string words(const std::vector<std::filesystem::path>& directories) {
    std::string list;
    for (const std::filesystem::path& directory : directories) {
        if (!list.empty()) list += ':';
        list += directory.string();
    }
    return in_quotes(list);
}

std::string words(const std::vector<int>& sizes) {
    std::string list;
    for (const int size : sizes) list += (list.empty() ? "" : ",") + std::to_string(size);
    return in_quotes(list);
}

std::string words(ImageSize size) {
    return size == ImageSize{} ? "the model's own" : size.text();
}

std::string words(Duration duration) {
    std::ostringstream text;
    text << std::chrono::duration<double, std::milli>(duration).count() << " ms";
    return text.str();
}

std::string words(const std::optional<float>& threshold) {
    if (!threshold) return "the model's own";
    std::ostringstream text;
    text << *threshold;
    return text.str();
}

std::string differs(const char* property, const std::string& here, const std::string& there) {
    return std::string(property) + " is " + here + " here, " + there + " there";
}

// The session holds on to the clock that it runs by.
Result<std::shared_ptr<Session>> open(const SessionOpener& opener, const SessionSettings& settings,
                                      GstClock* clock) {
    if (clock == nullptr) return opener(settings, steady_clock());
    struct Timed {
        explicit Timed(GstClock* source) : clock(source) {}
        PipelineClock clock;
        std::shared_ptr<Session> session;
    };
    const auto timed = std::make_shared<Timed>(clock);
    FACET_ASSIGN(timed->session, opener(settings, timed->clock));
    return std::shared_ptr<Session>(timed, timed->session.get());
}

}  // namespace

Result<std::shared_ptr<Session>> SessionRegistry::acquire(const std::string& name,
                                                          const SessionSettings& settings,
                                                          GstClock* clock) {
    std::shared_ptr<Entry> entry;
    SessionOpener opener;
    {
        MutexLock lock(mutex_);
        forget_the_dead();
        while ((entry = find(name, settings, clock)) != nullptr) {
            if (!(entry->settings == settings))
                return Error{ErrorCode::kInvalidArgument,
                             "session '" + name +
                                 "' is shared with an element of other settings: " +
                                 difference(settings, entry->settings) +
                                 "; give both the same, or another session"};
            opened_.wait(mutex_, [&] { return !entry->opening; });
            if (auto session = entry->session.lock()) return session;
            if (entry->error) return *entry->error;
            // Its last user has closed it since: a new start.
            forget_the_dead();
        }
        entry = std::make_shared<Entry>(Entry{name, settings, share(clock), {}, true, {}});
        entries_.push_back(entry);
        opener = opener_;
    }
    Result<std::shared_ptr<Session>> opened = open(opener, settings, clock);
    MutexLock lock(mutex_);
    entry->opening = false;
    if (opened.ok())
        entry->session = *opened;
    else
        entry->error = opened.error();
    opened_.notify_all();
    return opened;
}

void SessionRegistry::replace_opener(SessionOpener opener) {
    MutexLock lock(mutex_);
    opener_ = std::move(opener);
}

std::shared_ptr<SessionRegistry::Entry> SessionRegistry::find(const std::string& name,
                                                              const SessionSettings& settings,
                                                              GstClock* clock) {
    for (const std::shared_ptr<Entry>& entry : entries_)
        if (entry->name == name && entry->clock.get() == clock &&
            (!name.empty() || entry->settings == settings))
            return entry;
    return nullptr;
}

// Those that wait for an entry hold it themselves and still find its outcome.
void SessionRegistry::forget_the_dead() {
    std::erase_if(entries_, [](const std::shared_ptr<Entry>& entry) {
        return !entry->opening && entry->session.expired();
    });
}

std::string difference(const SessionSettings& here, const SessionSettings& there) {
    if (words(here.models, false) != words(there.models, false))
        return differs("models", words(here.models, false), words(there.models, false));
    if (here.models != there.models)
        return differs("model-info", words(here.models, true), words(there.models, true));
    if (here.device != there.device)
        return differs("device", in_quotes(here.device), in_quotes(there.device));
    if (here.max_batch != there.max_batch)
        return differs("max-batch", std::to_string(here.max_batch),
                       std::to_string(there.max_batch));
    if (here.batch_profiles != there.batch_profiles)
        return differs("batch-profiles", words(here.batch_profiles), words(there.batch_profiles));
    if (!(here.image_size == there.image_size))
        return differs("image-size-profiles", words(here.image_size), words(there.image_size));
    if (here.timeout != there.timeout)
        return differs("timeout", words(here.timeout), words(there.timeout));
    if (here.requests != there.requests)
        return differs("requests", std::to_string(here.requests), std::to_string(there.requests));
    if (here.threads != there.threads)
        return differs("threads", std::to_string(here.threads), std::to_string(there.threads));
    if (here.processors != there.processors)
        return differs("processors", in_quotes(processors_text(here.processors)),
                       in_quotes(processors_text(there.processors)));
    if (here.precision != there.precision)
        return differs("precision", std::string(to_string(here.precision)),
                       std::string(to_string(there.precision)));
    if (here.threshold != there.threshold)
        return differs("threshold", words(here.threshold), words(there.threshold));
    if (here.info_directories != there.info_directories)
        return differs("FACET_MODEL_INFO_PATH", words(here.info_directories),
                       words(there.info_directories));
    return {};
}

SessionRegistry& session_registry() {
    static SessionRegistry registry([](const SessionSettings& settings, Clock& clock) {
        return Session::open(settings, clock);
    });
    return registry;
}

}  // namespace facet
