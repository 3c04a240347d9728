// SPDX-License-Identifier: MIT
// The threads that turn waiting items into running batches, on one device or on several; one thread
// per request slot.
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
#include "engine/batching/device_choice.h"
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
    // Runs the batch to its end on request slot `slot` (0..slots-1, one call at a time per slot),
    // or hands it over.
    virtual void run(Batch batch, int slot) = 0;
    // The items never run.
    virtual void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason reason) = 0;
};

// A device beside the first one, under the same queue.
struct FurtherDevice {
    CostTable costs;
    int slots = 1;
    int width = 1;  // as BatcherOptions'
    std::shared_ptr<DeviceGate> gate = {};
};

struct BatcherOptions {
    CostTable costs = {};
    const Policy* policy = &deadline_policy();
    // The turns on its device, shared with other Batchers; none: a device of its own.
    std::shared_ptr<DeviceGate> gate = {};
    // What a batch takes of its device, such as threads: there are turns for as much as the session
    // that takes most at once.
    int width = 1;
    // Records arrivals and decisions (trace.h); called with the Batcher's lock held. Of further
    // devices it shows the batches alone.
    TraceWriter::Sink trace = {};
    // Batches go where device_choice.h says; request slots are numbered on from those of the first
    // device, which `limits`, `costs` and `gate` are about.
    std::vector<FurtherDevice> further = {};
};

// Invariants: each item pushed reaches the runner exactly once, through run() or discard(); while a
// slot is free no item waits beyond its deadline, by `clock`, unless another device is predicted to
// be done with it first; no lock is held across the runner.
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

    // A batch that ran `rows` rows on slot `slot` took so long; refines its device's costs.
    void observe(int rows, Duration took, int slot = 0);
    // From within run(): the slot's device is lost. Its batch goes back to the queue, what has been
    // withdrawn meanwhile is discarded, and the device takes no further work. False, and nothing is
    // done, where no other device is left.
    [[nodiscard]] bool hand_over(Batch& batch, int slot);

    [[nodiscard]] size_t waiting() const;
    [[nodiscard]] Duration expected_wait() const;
    [[nodiscard]] CostTable costs() const;

  private:
    struct Device {
        CostTable costs;
        std::shared_ptr<DeviceGate> gate;
        DeviceGate::User gate_user = 0;
        bool lost = false;
    };
    struct Slot {
        size_t device = 0;
        DeviceGate* gate = nullptr;  // its device's
        DeviceGate::User gate_user = 0;
        bool running = false;
        std::optional<Time> busy_until;  // predicted; while it runs or waits for its turn
    };

    void add_device(CostTable costs, std::shared_ptr<DeviceGate> gate, int slots, int width)
        FACET_REQUIRES(mutex_);
    void work(int slot);
    // What is to start now, with a turn on the device taken for it; none: it has slept, or shed.
    // `asked`: a turn has been asked for already.
    [[nodiscard]] std::optional<Batch> next_batch(MutexLock& lock, Slot& slot, bool asked)
        FACET_REQUIRES(mutex_);
    [[nodiscard]] Duration cost_on(size_t device, size_t rows) const FACET_REQUIRES(mutex_);
    // `free_slots`: of the device, to share a batch out over.
    [[nodiscard]] Decision decide(Time now, size_t device, int free_slots) const
        FACET_REQUIRES(mutex_);
    // How many of the slot's device could start a batch now; the slot has its turn.
    [[nodiscard]] int ready_slots(const Slot& slot) const FACET_REQUIRES(mutex_);
    [[nodiscard]] std::vector<DeviceState> device_states() const FACET_REQUIRES(mutex_);
    [[nodiscard]] int free_slots() const FACET_REQUIRES(mutex_);
    // Wakes one worker, or all where they decide differently.
    void notify();

    Clock& clock_;
    BatchRunner& runner_;
    const bool many_devices_;
    mutable Mutex mutex_;  // guards what is below; never held across runner_
    CondVar changed_;      // queue_ or stopping_ changed
    BatchQueue queue_ FACET_GUARDED_BY(mutex_);
    std::optional<TraceWriter> trace_ FACET_GUARDED_BY(mutex_);
    std::vector<Device> devices_ FACET_GUARDED_BY(mutex_);
    std::vector<Slot> slots_ FACET_GUARDED_BY(mutex_);
    bool stopping_ FACET_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace facet
