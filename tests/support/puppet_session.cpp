// SPDX-License-Identifier: MIT
// The puppet's strings.
#include "tests/support/puppet_session.h"

#include <algorithm>
#include <set>
#include <utility>

namespace facet::testing {

ItemResult first_pixel(CropBuffer& crops) {
    ItemResult result;
    Attribute attribute;
    attribute.name = "pixel";
    attribute.value = static_cast<float>(crops.pixels(0)[0]);
    attribute.label = std::to_string(crops.pixels(0)[0]);
    attribute.model_name = "puppet";
    result.attributes.push_back(std::move(attribute));
    return result;
}

PuppetSession::PuppetSession(SessionSettings settings, PuppetMode mode, PuppetAnswer answer)
    : settings_(std::move(settings)), mode_(mode), answer_(std::move(answer)), pool_(specs_, 64) {}

PuppetSession::~PuppetSession() = default;

void PuppetSession::wait_for_waiting(size_t count) {
    MutexLock lock(mutex_);
    while (waiting_.size() < count) changed_.wait(mutex_);
}

void PuppetSession::wait_for_state(OwnerState state) {
    MutexLock lock(mutex_);
    const auto reached = [&](const auto& owner) { return owner.second == state; };
    while (std::none_of(owners_.begin(), owners_.end(), reached)) changed_.wait(mutex_);
}

void PuppetSession::finish(size_t index) {
    std::vector<Item> one;
    {
        MutexLock lock(mutex_);
        one.push_back(std::move(waiting_[index]));
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
    }
    run(std::move(one));
}

void PuppetSession::finish_all() {
    std::vector<Item> all;
    {
        MutexLock lock(mutex_);
        all.swap(waiting_);
    }
    run(std::move(all));
}

size_t PuppetSession::waiting() const {
    MutexLock lock(mutex_);
    return waiting_.size();
}

size_t PuppetSession::owners() const {
    MutexLock lock(mutex_);
    return owners_.size();
}

size_t PuppetSession::fillers() const {
    MutexLock lock(mutex_);
    return fillers_;
}

std::vector<size_t> PuppetSession::batch_sizes() const {
    MutexLock lock(mutex_);
    return batch_sizes_;
}

void PuppetSession::set_infer_us(int64_t infer_us) {
    MutexLock lock(mutex_);
    infer_us_ = infer_us;
}

OwnerId PuppetSession::open_owner() {
    MutexLock lock(mutex_);
    owners_[next_owner_] = OwnerState::kActive;
    changed_.notify_all();
    return next_owner_++;
}

void PuppetSession::close_owner(OwnerId owner) {
    cancel(owner, UINT32_MAX);
    std::vector<Item> due;
    {
        MutexLock lock(mutex_);
        owners_.erase(owner);
        due = take_due();
    }
    run(std::move(due));
}

void PuppetSession::set_owner_state(OwnerId owner, OwnerState state) {
    std::vector<Item> due;
    {
        MutexLock lock(mutex_);
        owners_[owner] = state;
        changed_.notify_all();
        due = take_due();
    }
    run(std::move(due));
}

void PuppetSession::submit(std::vector<Item> items) {
    std::vector<Item> due;
    {
        MutexLock lock(mutex_);
        for (Item& item : items) {
            fillers_ += item.filler ? 1 : 0;
            waiting_.push_back(std::move(item));
        }
        changed_.notify_all();
        due = take_due();
    }
    run(std::move(due));
}

void PuppetSession::cancel(OwnerId owner, uint32_t generation) {
    std::vector<Item> cancelled;
    {
        MutexLock lock(mutex_);
        cancelled = take_if(
            [&](const Item& item) { return item.owner == owner && item.generation <= generation; });
    }
    for (Item& item : cancelled) {
        ItemResult result;
        result.error = Error{ErrorCode::kCancelled, "withdrawn"};
        item.done(std::move(result));
    }
}

SessionCounters PuppetSession::counters() const {
    return {};
}

std::vector<Item> PuppetSession::take_due() {
    std::vector<Item> due;
    if (mode_ == PuppetMode::kOnWord) return due;
    const bool full = waiting_.size() >= static_cast<size_t>(settings_.max_batch);
    bool drains = false;
    for (const Item& item : waiting_)
        drains = drains || owners_[item.owner] == OwnerState::kDraining;
    const bool all_in = std::none_of(owners_.begin(), owners_.end(), [](const auto& owner) {
        return owner.second == OwnerState::kActive;
    });
    if (mode_ == PuppetMode::kAtOnce || full || drains || all_in) due.swap(waiting_);
    return due;
}

std::vector<Item> PuppetSession::take_if(const std::function<bool(const Item&)>& wanted) {
    std::vector<Item> taken, left;
    for (Item& item : waiting_) (wanted(item) ? taken : left).push_back(std::move(item));
    waiting_ = std::move(left);
    return taken;
}

void PuppetSession::run(std::vector<Item> batch) {
    if (batch.empty()) return;
    std::set<OwnerId> owners;
    for (const Item& item : batch) owners.insert(item.owner);
    uint64_t id = 0;
    int64_t infer_us = 0;
    {
        MutexLock lock(mutex_);
        batch_sizes_.push_back(batch.size());
        id = batch_sizes_.size();
        infer_us = infer_us_;
    }
    for (Item& item : batch) {
        ItemResult result = answer_(item.crops);
        result.provenance.device = "PUPPET";
        result.provenance.batch_id = id;
        result.provenance.batch_size = static_cast<int>(batch.size());
        result.provenance.infer_us = infer_us;
        result.provenance.owners = static_cast<int>(owners.size());
        item.done(std::move(result));
    }
}

}  // namespace facet::testing
