// SPDX-License-Identifier: MIT
// PuppetSession: a session without models, whose results come when and as a test says.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/session.h"
#include "engine/session/crop_pool.h"

namespace facet::testing {

// Says what an item's crops mean. By default one attribute "pixel": the first byte of its crop.
using PuppetAnswer = std::function<ItemResult(CropBuffer& crops)>;
[[nodiscard]] ItemResult first_pixel(CropBuffer& crops);

// When items run.
enum class PuppetMode {
    kAtOnce,   // inside submit()
    kOnWord,   // when the test calls finish()
    kInBatch,  // when max_batch wait, or an owner with waiting items drains, or every owner that
               // is open is blocked; all of them as one batch
};

// Thread-safe. Keeps Session's promises: one Done per item, no lock held.
class PuppetSession final : public Session {
  public:
    PuppetSession(SessionSettings settings, PuppetMode mode, PuppetAnswer answer = first_pixel);
    ~PuppetSession() override;

    // Blocks until so many items wait.
    void wait_for_waiting(size_t count);
    // Blocks until an owner is in that state.
    void wait_for_state(OwnerState state);
    // Runs the nth waiting item, counted from 0 in the order of submission, as a batch of one.
    void finish(size_t index);
    void finish_all();
    // What items that run from now on say of their inference.
    void set_infer_us(int64_t infer_us);
    [[nodiscard]] size_t waiting() const;
    [[nodiscard]] size_t owners() const;
    // Items submitted so far that would wait for room in a batch.
    [[nodiscard]] size_t fillers() const;
    [[nodiscard]] std::vector<size_t> batch_sizes() const;

    [[nodiscard]] const SessionSettings& settings() const override { return settings_; }
    [[nodiscard]] const std::vector<CropSpec>& crop_specs() const override { return specs_; }
    [[nodiscard]] std::vector<std::string> descriptions() const override { return {"puppet"}; }
    [[nodiscard]] OwnerId open_owner() override;
    void close_owner(OwnerId owner) override;
    void set_owner_state(OwnerId owner, OwnerState state) override;
    [[nodiscard]] CropBuffer acquire_crops() override { return pool_.acquire(); }
    void submit(std::vector<Item> items) override;
    void cancel(OwnerId owner, uint32_t generation) override;
    [[nodiscard]] SessionCounters counters() const override;

  private:
    [[nodiscard]] std::vector<Item> take_due() FACET_REQUIRES(mutex_);
    [[nodiscard]] std::vector<Item> take_if(const std::function<bool(const Item&)>& wanted)
        FACET_REQUIRES(mutex_);
    void run(std::vector<Item> batch);

    const SessionSettings settings_;
    const PuppetMode mode_;
    const PuppetAnswer answer_;
    const std::vector<CropSpec> specs_{{4, 4, ColorOrder::kBgr}};
    CropPool pool_;
    mutable Mutex mutex_;  // guards all below; not held while a Done is called
    CondVar changed_;
    std::map<OwnerId, OwnerState> owners_ FACET_GUARDED_BY(mutex_);
    OwnerId next_owner_ FACET_GUARDED_BY(mutex_) = 1;
    std::vector<Item> waiting_ FACET_GUARDED_BY(mutex_);
    std::vector<size_t> batch_sizes_ FACET_GUARDED_BY(mutex_);
    size_t fillers_ FACET_GUARDED_BY(mutex_) = 0;
    int64_t infer_us_ FACET_GUARDED_BY(mutex_) = 0;
};

}  // namespace facet::testing
