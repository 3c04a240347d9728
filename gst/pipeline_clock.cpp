// SPDX-License-Identifier: MIT
// A wait of the engine's as an asynchronous wait of a GstClock.
#include "gst/pipeline_clock.h"

#include <memory>

namespace facet {

namespace {

// One wait. The GstClock shares it: its callback may still be under way when the wait is over, and
// the condition and its mutex are gone.
struct Waiter {
    CondVar* wake;
    Mutex* mutex;
    Mutex over_mutex{};  // guards over; taken before *mutex
    bool over = false;
};

using SharedWaiter = std::shared_ptr<Waiter>;

// Taking the waiter's mutex makes sure that it already sleeps when it is notified.
gboolean notify(GstClock*, GstClockTime, GstClockID, gpointer shared) {
    Waiter& waiter = **static_cast<SharedWaiter*>(shared);
    MutexLock lock(waiter.over_mutex);
    if (waiter.over) return TRUE;
    MutexLock sleeping(*waiter.mutex);
    waiter.wake->notify_all();
    return TRUE;
}

}  // namespace

Time PipelineClock::now() const {
    return Time(gst_clock_get_time(clock_.get()));
}

// The mutex is let go in between to keep the order of notify().
void PipelineClock::wait_until(CondVar& wake, Mutex& mutex,
                               Time deadline) FACET_NO_THREAD_SAFETY_ANALYSIS {
    if (deadline == kNever) return wake.wait(mutex);
    if (now() >= deadline) return;
    const auto waiter = std::shared_ptr<Waiter>(new Waiter{&wake, &mutex});
    const GstClockID id =
        gst_clock_new_single_shot_id(clock_.get(), static_cast<GstClockTime>(deadline.count()));
    gst_clock_id_wait_async(id, notify, new SharedWaiter(waiter),
                            [](gpointer shared) { delete static_cast<SharedWaiter*>(shared); });
    wake.wait(mutex);
    mutex.unlock();
    gst_clock_id_unschedule(id);
    gst_clock_id_unref(id);
    {
        MutexLock lock(waiter->over_mutex);
        waiter->over = true;
    }
    mutex.lock();
}

Ref<GstClock> session_clock(GstElement* element) {
    Ref<GstObject> top = share(GST_OBJECT(element));
    while (Ref<GstObject> parent = adopt(gst_object_get_parent(top.get()))) top = std::move(parent);
    Ref<GstClock> clock;
    if (GST_IS_PIPELINE(top.get()) &&
        GST_OBJECT_FLAG_IS_SET(top.get(), GST_PIPELINE_FLAG_FIXED_CLOCK))
        clock = adopt(gst_pipeline_get_pipeline_clock(GST_PIPELINE(top.get())));
    const Ref<GstClock> system = adopt(gst_system_clock_obtain());
    if (clock.get() == system.get()) return {};
    return clock;
}

}  // namespace facet
