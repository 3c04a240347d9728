// SPDX-License-Identifier: MIT
// Puppet: a model whose answers tell which pixels they are for, and whose runs a test can hold up,
// fail and count.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/session/session_internal.h"

namespace facet::testing {

// What the model says of one crop; sees the row's pixels as they came out of the request.
using PuppetRowAnswer = std::function<Converted(std::span<const uint8_t> pixels)>;

// 0..2^24-1, exact as a float.
[[nodiscard]] uint32_t checksum(std::span<const uint8_t> pixels);
// One attribute "checksum" whose value is checksum(pixels).
[[nodiscard]] Converted answer_checksum(std::span<const uint8_t> pixels);

// Runs on nothing but zeros (a session's warm-up) are neither held up nor failed nor counted.
// Thread-safe; copies pull the same strings, and so do all models made of it.
class Puppet {
  public:
    explicit Puppet(CropSpec crop = {.width = 8, .height = 8},
                    PuppetRowAnswer answer = answer_checksum);

    // A model of this name, for batches up to `max_batch`.
    [[nodiscard]] SessionModel model(const std::string& name, int max_batch) const;

    // Between these two, runs wait.
    void block();
    void release();
    // Waits until `count` runs are held up.
    void wait_for_blocked(int count) const;
    // A run with such a row fails with kDevice.
    void fail_rows(std::function<bool(std::span<const uint8_t> pixels)> fails);
    // Called at the beginning of every run, the warm-up's too: what it takes is the run's cost.
    void work_in_runs(std::function<void(int rows)> work);
    // Rows of every run so far, in the order they began.
    [[nodiscard]] std::vector<int> batch_sizes() const;

  private:
    struct Strings;

    std::shared_ptr<Strings> strings_;
};

// While it lives, sessions opened on `device` get puppets instead of model files, chosen by the
// stem of the model's path: "faces" also for "/somewhere/faces.onnx".
class PuppetDevice {
  public:
    explicit PuppetDevice(std::map<std::string, Puppet> puppets, std::string device = "PUPPET");
    ~PuppetDevice();
    PuppetDevice(const PuppetDevice&) = delete;
    PuppetDevice& operator=(const PuppetDevice&) = delete;

  private:
    std::string device_;
};

}  // namespace facet::testing
