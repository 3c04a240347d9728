// SPDX-License-Identifier: MIT
// Session: the facade of the engine. Models loaded once on a device, or on each of several; crops
// of any number of owners go in, come together in batches, and come back as detections or
// attributes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/image_size.h"
#include "engine/base/precision.h"
#include "engine/base/result.h"
#include "engine/batching/owner.h"
#include "engine/session_stats.h"
#include "engine/vision/crop.h"
#include "engine/vision/detection.h"
#include "engine/vision/model_info.h"

namespace facet {

struct ModelSettings {
    std::filesystem::path path;  // a model file
    std::string info;            // model-info file; empty: found by find_model_info()
    friend bool operator==(const ModelSettings&, const ModelSettings&) = default;
};

struct SessionSettings {
    std::vector<ModelSettings> models;                    // at least one; each runs on every batch
    std::vector<std::filesystem::path> info_directories;  // where model-info files are looked for
    // registry.h; "AUTO", "AUTO:GPU,CPU": several under one queue; "BATCH:CPU(8)": "CPU" with a
    // max_batch of 8.
    std::string device = "CPU";
    int max_batch = 16;  // 1..2048; 0: chosen by measurement, up to 32 or the largest profile
    Duration timeout{5'000'000};      // longest wait of an item for its batch to start, >= 0
    Duration latency_budget{0};       // from submit to result; `timeout` then follows from it
    std::vector<int> batch_profiles;  // up to 100 ascending sizes that run; empty: every size
    // Of every model's input, which is reshaped to it; 0x0: as the file or its model-info says.
    ImageSize image_size;
    int requests = 0;  // batches in flight, up to 64; 0: chosen by measurement, with `threads`
    int threads = 0;   // of one request; 0: those of the processors, shared out over the requests
    // That the session's threads run on, ascending; empty: all that the opening thread may run on.
    std::vector<int> processors;
    Precision precision = Precision::kAuto;
    std::optional<float> threshold;  // detections below are dropped; none: the model-info's
    // A file to write arrivals and decisions to, with the models' executed graphs beside it; the
    // layers are timed, too. Empty: none of it.
    std::filesystem::path trace_path;
    friend bool operator==(const SessionSettings&, const SessionSettings&) = default;
};

// What a model says of an item.
enum class Yield { kDetections, kAttributes };

// How a result came about.
struct Provenance {
    std::string device;
    uint64_t batch_id = 0;  // counted from 1 per session
    int batch_size = 0;     // items that ran together, this one included; less after a failure
    int owners = 0;         // distinct owners with an item in the batch
    int64_t wait_us = 0;    // from submit to the start of the batch
    int64_t infer_us = 0;   // from the start of the batch to its results, all models
};

struct ItemResult {
    // kCancelled: withdrawn; kOverload: shed; else why this item has no result.
    std::optional<Error> error;
    std::vector<Detection> detections;
    std::vector<Attribute> attributes;
    Provenance provenance;
};

// Called exactly once per item, from a thread of the session or from the one that cancels; no lock
// is held. It must not block, and must not destroy the session.
using Done = std::function<void(ItemResult)>;

// Pixels of one item: one crop per entry of Session::crop_specs(), in pooled memory. Move-only;
// goes back to the pool when destroyed, which may outlive the session.
class CropBuffer {
  public:
    CropBuffer() = default;
    [[nodiscard]] std::span<uint8_t> pixels(size_t spec);

  private:
    friend class CropPool;
    struct Storage;
    struct Recycle {
        void operator()(Storage* storage) const;
    };
    std::unique_ptr<Storage, Recycle> storage_;
};

struct Item {
    OwnerId owner = 0;
    uint32_t generation = 0;
    std::optional<Time> deadline;  // by the session's clock; never later than submit + timeout
    std::optional<Time> due;       // latest result of use; never later than submit + latency_budget
    bool filler = false;           // rides along where a batch has room, or starts at its deadline
    double value = 0;              // under overload the least is shed first, e.g. the face's area
    CropBuffer crops;
    Done done;
};

struct SessionCounters {
    uint64_t items = 0, batches = 0, failed_items = 0, cancelled_items = 0;
    std::vector<uint64_t> batch_sizes;  // [n]: batches of n items, 0..max_batch
};

// The limits in effect: what was asked for, or what follows from the measured costs.
struct SessionLimits {
    int max_batch = 1;
    Duration timeout{0};
    Duration latency_budget{0};  // 0: none
    Duration margin{0};          // kept in hand before an item is due
    std::vector<int> profiles;
    int requests = 1, threads = 0;  // batches in flight, threads of each; of the first device
};

// While one lives, sessions that open the same model file read it once between them: for those who
// open several, such as one for each image size. Thread-safe.
class ModelFilesHold {
  public:
    ModelFilesHold();
    ~ModelFilesHold();
    ModelFilesHold(const ModelFilesHold&) = delete;
    ModelFilesHold& operator=(const ModelFilesHold&) = delete;
};

// Thread-safe. The destructor cancels what waits and joins the session's threads.
class Session {
  public:
    // Loads, prepares, proves batchable (max_batch > 1) and compiles every model, and runs each
    // at every size that time allows, so that no item pays first-use costs and costs are known.
    // Errors name file, node and setting. `clock` outlives the session.
    [[nodiscard]] static Result<std::shared_ptr<Session>> open(const SessionSettings& settings,
                                                               Clock& clock = steady_clock());
    virtual ~Session() = default;

    [[nodiscard]] virtual const SessionSettings& settings() const = 0;
    // One per distinct input of the models; an item needs one crop of each.
    [[nodiscard]] virtual const std::vector<CropSpec>& crop_specs() const = 0;
    // Whether the nth of the settings' models says such things; true of all where it is unknown.
    [[nodiscard]] virtual bool yields(size_t model, Yield what) const;
    // One line per model for INFO.
    [[nodiscard]] virtual std::vector<std::string> descriptions() const = 0;

    [[nodiscard]] virtual OwnerId open_owner() = 0;
    // Cancels what the owner has waiting.
    virtual void close_owner(OwnerId owner) = 0;
    virtual void set_owner_state(OwnerId owner, OwnerState state) = 0;
    // Its share of contended batches against other owners' shares, > 0; 1 until set.
    virtual void set_owner_weight(OwnerId, double) {}
    // Whether items of the owner that have a due time may be shed, with kOverload, when not all can
    // be done in time: the least value first, then the latest. No until set.
    virtual void set_owner_sheds(OwnerId, bool) {}

    [[nodiscard]] virtual CropBuffer acquire_crops() = 0;
    virtual void submit(std::vector<Item> items) = 0;
    // Withdraws waiting items of the owner's generations up to `generation`; running ones end and
    // report as usual.
    virtual void cancel(OwnerId owner, uint32_t generation) = 0;

    [[nodiscard]] virtual SessionCounters counters() const = 0;
    [[nodiscard]] virtual SessionStats stats() const { return {}; }
    [[nodiscard]] virtual SessionLimits limits() const;
    // How long an item submitted now would wait for its batch to start, at worst, by the costs.
    [[nodiscard]] virtual Duration expected_wait() const { return limits().timeout; }
    // What the largest batch takes, by the costs so far; 0 while they are not known.
    [[nodiscard]] virtual Duration service_bound() const { return Duration{0}; }
    // "1:410250 4:980000": rows and nanoseconds; empty while they are not known.
    [[nodiscard]] virtual std::string costs() const { return {}; }

    // For programs without streams: crops `region` and waits for its result. Errors of the item are
    // returned as errors.
    [[nodiscard]] Result<ItemResult> run(const ImageView& image, const Rect& region);
};

}  // namespace facet
