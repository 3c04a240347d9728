// SPDX-License-Identifier: MIT
// The threads that turn waiting items into running batches; one thread per request slot.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/mutex.h"
#include "engine/base/result.h"
#include "engine/batching/batch_queue.h"
#include "engine/batching/device_gate.h"
#include "engine/batching/trace.h"

namespace facet {

enum class DiscardReason {
    kWithdrawn,  // cancelled, or their owner closed
    kOverload,   // shed: they would have come too late, or made others late
};

// What the Batcher's user does with items. Called from the Batcher's threads (run) or from the
// thread that withdraws work (discard), never with a lock held.
class BatchRunner {
  public:
    virtual ~BatchRunner() = default;
    // Runs the batch to its end on request slot `slot` (0..slots-1, one call at a time per slot).
    virtual void run(Batch batch, int slot) = 0;
    // The items never run.
    virtual void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason reason) = 0;
};

struct BatcherOptions {
    CostTable costs = {};
    const Policy* policy = &deadline_policy();
    // The turns on its device, shared with other Batchers; none: a device of its own.
    std::shared_ptr<DeviceGate> gate = {};
    // Records arrivals and decisions (trace.h); called with the Batcher's lock held.
    TraceWriter::Sink trace = {};
};

// Invariants: each item pushed reaches the runner exactly once, through run() or discard(); while a
// slot is free no item waits beyond its deadline, by `clock`; no lock is held across the runner.
// Thread-safe. The destructor discards what waits, lets running batches end and joins the threads;
// it must not be called from within the runner.
class Batcher {
  public:
    // `clock`, `runner` and the options' policy outlive the Batcher.
    Batcher(BatchLimits limits, Clock& clock, BatchRunner& runner, BatcherOptions options = {});
    ~Batcher();
    Batcher(const Batcher&) = delete;
    Batcher& operator=(const Batcher&) = delete;

    [[nodiscard]] OwnerId open_owner();
    void close_owner(OwnerId owner);
    void set_owner_state(OwnerId owner, OwnerState state);
    // As BatchQueue's.
    void set_owner_weight(OwnerId owner, double weight);
    void set_owner_sheds(OwnerId owner, bool sheds);
    // An item of an owner that is not open (any more) is discarded at once.
    void push(std::unique_ptr<BatchItem> item);
    // Several items at once: seen by the policy together, as one frame's faces are.
    void push(std::vector<std::unique_ptr<BatchItem>> items);
    void cancel(OwnerId owner, uint32_t generation);

    // A batch that ran `rows` rows took so long; refines the costs.
    void observe(int rows, Duration took);

    [[nodiscard]] size_t waiting() const;
    [[nodiscard]] Duration expected_wait() const;
    [[nodiscard]] CostTable costs() const;

  private:
    void work(int slot);
    // What is to start now, with a turn on the device taken for it; none: it has slept, or shed.
    // `asked`: a turn has been asked for already.
    [[nodiscard]] std::optional<Batch> next_batch(MutexLock& lock, bool asked)
        FACET_REQUIRES(mutex_);
    [[nodiscard]] int free_slots() const FACET_REQUIRES(mutex_);

    Clock& clock_;
    BatchRunner& runner_;
    const std::shared_ptr<DeviceGate> gate_;
    const DeviceGate::User gate_user_;
    mutable Mutex mutex_;  // guards what is below; never held across runner_
    CondVar changed_;      // queue_ or stopping_ changed
    BatchQueue queue_ FACET_GUARDED_BY(mutex_);
    std::optional<TraceWriter> trace_ FACET_GUARDED_BY(mutex_);
    int running_ FACET_GUARDED_BY(mutex_) = 0;  // batches
    bool stopping_ FACET_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace facet
