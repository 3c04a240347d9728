// SPDX-License-Identifier: MIT
// RequestSlot: one inference request of every model of a session, run on the same crops.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/session/session_internal.h"

namespace facet {

// Thread-bound: one thread at a time.
class RequestSlot {
  public:
    // `models` outlive the slot; `specs[i]` is the crop that model i takes; `threads` as
    // create_request() has it.
    [[nodiscard]] static Result<RequestSlot> create(const std::vector<SessionModel>& models,
                                                    std::vector<size_t> specs, int threads);

    // Runs every model at `rows` rows of zeros. Errors name the model.
    [[nodiscard]] Result<void> run_zeros(int rows);
    // As run_zeros() of one model, timing its steps; InferRequest::profile().
    [[nodiscard]] Result<std::vector<StepProfile>> profile(size_t model, int rows);
    // Appends what every model says of crops[i] to results[i]. On an error, which names the model,
    // results are to be thrown away. Runs `rows` >= crops.size() rows, the further ones for nobody;
    // 1 <= rows <= what the models are compiled for.
    [[nodiscard]] Result<void> run(std::span<CropBuffer* const> crops, int rows,
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
