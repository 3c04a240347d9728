// SPDX-License-Identifier: MIT
// The log sink's holder.
#include "engine/base/log.h"

#include <memory>
#include <utility>

#include "engine/base/mutex.h"

namespace facet {

namespace {

struct SinkHolder {
    Mutex mutex;  // guards sink; held for a pointer copy only
    std::shared_ptr<const LogSink> sink FACET_GUARDED_BY(mutex);
};

SinkHolder& holder() {
    static SinkHolder instance;
    return instance;
}

}  // namespace

void set_log_sink(LogSink sink) {
    auto shared = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
    MutexLock lock(holder().mutex);
    holder().sink = std::move(shared);
}

void log(LogLevel level, std::string_view message) {
    std::shared_ptr<const LogSink> sink;
    {
        MutexLock lock(holder().mutex);
        sink = holder().sink;
    }
    if (sink) (*sink)(level, message);
}

}  // namespace facet
