// SPDX-License-Identifier: MIT
// Mutex, MutexLock and CondVar with the annotations that let clang's -Wthread-safety check them.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define FACET_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define FACET_THREAD_ANNOTATION(x)
#endif
#define FACET_CAPABILITY(x) FACET_THREAD_ANNOTATION(capability(x))
#define FACET_SCOPED_CAPABILITY FACET_THREAD_ANNOTATION(scoped_lockable)
#define FACET_GUARDED_BY(x) FACET_THREAD_ANNOTATION(guarded_by(x))
#define FACET_REQUIRES(...) FACET_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define FACET_EXCLUDES(...) FACET_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define FACET_ACQUIRE(...) FACET_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define FACET_RELEASE(...) FACET_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define FACET_NO_THREAD_SAFETY_ANALYSIS FACET_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace facet {

class FACET_CAPABILITY("mutex") Mutex {
  public:
    void lock() FACET_ACQUIRE() { mutex_.lock(); }
    void unlock() FACET_RELEASE() { mutex_.unlock(); }

  private:
    friend class CondVar;
    std::mutex mutex_;
};

// Holds a Mutex for a scope; unlock()/lock() let a body step outside it for a callback.
class FACET_SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) FACET_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() FACET_RELEASE() {
        if (held_) mutex_.unlock();
    }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void unlock() FACET_RELEASE() {
        mutex_.unlock();
        held_ = false;
    }
    void lock() FACET_ACQUIRE() {
        mutex_.lock();
        held_ = true;
    }

  private:
    Mutex& mutex_;
    bool held_ = true;
};

// Waits release the Mutex and take it again before they return. Spurious wake-ups are the caller's
// to handle: loop over the predicate.
class CondVar {
  public:
    void wait(Mutex& mutex) FACET_REQUIRES(mutex) {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        condition_.wait(lock);
        lock.release();
    }
    template <typename Predicate>
    void wait(Mutex& mutex, Predicate done) FACET_REQUIRES(mutex) {
        while (!done()) wait(mutex);
    }
    template <typename Clock, typename Duration>
    void wait_until(Mutex& mutex, const std::chrono::time_point<Clock, Duration>& time)
        FACET_REQUIRES(mutex) {
        std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
        condition_.wait_until(lock, time);
        lock.release();
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

  private:
    std::condition_variable condition_;
};

}  // namespace facet
