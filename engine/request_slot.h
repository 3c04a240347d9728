// SPDX-License-Identifier: MIT
// RequestSlot: one inference request of every model of a session, run on the same crops.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/session_internal.h"

namespace facet {

// Thread-bound: one thread at a time.
class RequestSlot {
  public:
    // `models` outlive the slot; `specs[i]` is the crop that model i takes.
    [[nodiscard]] static Result<RequestSlot> create(const std::vector<SessionModel>& models,
                                                    std::vector<size_t> specs);

    // Runs every model at 1 and at `max_batch` rows, so that first-use costs are paid.
    [[nodiscard]] Result<void> warm_up(int max_batch);
    // Appends what every model says of crops[i] to results[i]. On an error, which names the model,
    // results are to be thrown away. 1 <= crops.size() <= max_batch.
    [[nodiscard]] Result<void> run(std::span<CropBuffer* const> crops,
                                   std::span<Converted> results);

  private:
    RequestSlot(const std::vector<SessionModel>& models, std::vector<size_t> specs);
    void gather(size_t model, std::span<CropBuffer* const> crops);
    void convert(size_t model, std::span<Converted> results) const;

    const std::vector<SessionModel>* models_;
    std::vector<size_t> specs_;
    std::vector<std::unique_ptr<InferRequest>> requests_;  // one per model
};

}  // namespace facet
