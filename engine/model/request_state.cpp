// SPDX-License-Identifier: MIT
// The state's changes.
#include "engine/model/request_state.h"

#include <utility>

namespace facet {

Result<void> RequestState::begin(Request::Done done) {
    MutexLock lock(mutex_);
    if (under_way_)
        return Error{ErrorCode::kInvalidArgument,
                     "the request is under way; wait() for it, or use another one"};
    under_way_ = true;
    done_ = std::move(done);
    return {};
}

void RequestState::end(Result<void> result) {
    MutexLock lock(mutex_);
    const Request::Done done = std::exchange(done_, nullptr);
    result_ = result;
    under_way_ = false;
    ++callbacks_;
    changed_.notify_all();
    if (done) {
        lock.unlock();
        done(result);
        lock.lock();
    }
    --callbacks_;
    changed_.notify_all();
}

Result<void> RequestState::wait() {
    MutexLock lock(mutex_);
    while (under_way_) changed_.wait(mutex_);
    return result_;
}

std::optional<Result<void>> RequestState::wait_for(Duration timeout) {
    const Time now = clock_.now();
    const Time end = timeout < kNever - now ? now + timeout : kNever;
    MutexLock lock(mutex_);
    while (under_way_) {
        if (clock_.now() >= end) return {};
        clock_.wait_until(changed_, mutex_, end);
    }
    return result_;
}

void RequestState::wait_until_idle() {
    MutexLock lock(mutex_);
    while (under_way_ || callbacks_ > 0) changed_.wait(mutex_);
}

}  // namespace facet
