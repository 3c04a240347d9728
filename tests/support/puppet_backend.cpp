// SPDX-License-Identifier: MIT
// The puppet's compiled model copies pixels to its output; its converter asks the answer of them.
#include "tests/support/puppet_backend.h"

#include <algorithm>
#include <utility>

#include "engine/base/mutex.h"

namespace facet::testing {

struct Puppet::Strings {
    CropSpec crop;
    PuppetRowAnswer answer;
    mutable Mutex mutex;  // guards all below
    mutable CondVar changed;
    bool blocked FACET_GUARDED_BY(mutex) = false;
    int held_up FACET_GUARDED_BY(mutex) = 0;
    std::function<bool(std::span<const uint8_t>)> fails FACET_GUARDED_BY(mutex);
    std::function<void(int)> work FACET_GUARDED_BY(mutex);
    std::vector<int> batch_sizes FACET_GUARDED_BY(mutex);

    [[nodiscard]] std::function<void(int)> current_work() const {
        MutexLock lock(mutex);
        return work;
    }

    [[nodiscard]] Result<void> run(std::span<const uint8_t> pixels, int rows) {
        if (const auto busy = current_work()) busy(rows);
        const bool warm_up = std::ranges::all_of(pixels, [](uint8_t pixel) { return pixel == 0; });
        if (warm_up) return {};
        MutexLock lock(mutex);
        batch_sizes.push_back(rows);
        ++held_up;
        changed.notify_all();
        while (blocked) changed.wait(mutex);
        --held_up;
        for (int row = 0; fails && row < rows; ++row)
            if (fails(pixels.subspan(row * crop.byte_size(), crop.byte_size())))
                return Error{ErrorCode::kDevice, "the puppet fails on row " + std::to_string(row)};
        return {};
    }
};

namespace {

using Run = std::function<Result<void>(std::span<const uint8_t> pixels, int rows)>;

class PuppetRequest final : public InferRequest {
  public:
    PuppetRequest(std::shared_ptr<CompiledModel> model, Run run)
        : model_(std::move(model)),
          run_(std::move(run)),
          input_(Tensor::allocate(DataType::kU8,
                                  model_->inputs()[0].row_shape.scaled(model_->max_batch()))),
          output_(Tensor::allocate(DataType::kF32,
                                   model_->outputs()[0].row_shape.scaled(model_->max_batch()))) {}

    MutableTensorView input(size_t) override { return input_.mutable_view(); }
    TensorView output(size_t) const override { return output_.view(); }
    Result<void> infer(int rows) override {
        if (rows < 1 || rows > model_->max_batch())
            return Error{ErrorCode::kInvalidArgument, std::to_string(rows) + " rows"};
        const size_t row_bytes = model_->inputs()[0].row_shape.elements();
        const auto pixels = input_.as<uint8_t>().first(row_bytes * rows);
        FACET_TRY(run_(pixels, rows));
        std::ranges::copy(pixels, output_.mutable_view().as<float>().begin());
        return {};
    }

  private:
    std::shared_ptr<CompiledModel> model_;
    Run run_;
    Tensor input_, output_;
};

class PuppetModel final : public CompiledModel {
  public:
    PuppetModel(const CropSpec& crop, int max_batch, Run run)
        : inputs_{{"pixels", DataType::kU8, Shape{1, crop.height, crop.width, crop.channels()}}},
          outputs_{{"copy", DataType::kF32, inputs_[0].row_shape}},
          max_batch_(max_batch),
          run_(std::move(run)) {}

    const std::vector<Port>& inputs() const override { return inputs_; }
    const std::vector<Port>& outputs() const override { return outputs_; }
    int max_batch() const override { return max_batch_; }
    Result<std::unique_ptr<InferRequest>> create_request(int /*threads*/) override {
        return std::unique_ptr<InferRequest>(
            std::make_unique<PuppetRequest>(shared_from_this(), run_));
    }
    std::string description() const override { return "puppet"; }

  private:
    std::vector<Port> inputs_, outputs_;
    int max_batch_;
    Run run_;
};

class PuppetConverter final : public Converter {
  public:
    PuppetConverter(std::string model, PuppetRowAnswer answer)
        : model_(std::move(model)), answer_(std::move(answer)) {}

    void convert(std::span<const TensorView> outputs, float threshold,
                 Converted& result) const override {
        const std::span<const float> copy = outputs[0].as<float>();
        const Converted said = answer_(std::vector<uint8_t>(copy.begin(), copy.end()));
        for (const Detection& detection : said.detections)
            if (detection.confidence >= threshold) result.detections.push_back(detection);
        for (Attribute attribute : said.attributes) {
            attribute.model_name = model_;
            attribute.layer_name = "copy";
            result.attributes.push_back(std::move(attribute));
        }
    }

  private:
    std::string model_;
    PuppetRowAnswer answer_;
};

}  // namespace

uint32_t checksum(std::span<const uint8_t> pixels) {
    uint32_t hash = 2166136261u;  // FNV-1a
    for (const uint8_t pixel : pixels) hash = (hash ^ pixel) * 16777619u;
    return (hash >> 8) ^ (hash & 0xffu);
}

Converted answer_checksum(std::span<const uint8_t> pixels) {
    Attribute attribute;
    attribute.name = "checksum";
    attribute.value = static_cast<float>(checksum(pixels));
    return {.detections = {}, .attributes = {attribute}};
}

Puppet::Puppet(CropSpec crop, PuppetRowAnswer answer) : strings_(std::make_shared<Strings>()) {
    strings_->crop = crop;
    strings_->answer = std::move(answer);
}

SessionModel Puppet::model(const std::string& name, int max_batch) const {
    Run run = [strings = strings_](std::span<const uint8_t> pixels, int rows) {
        return strings->run(pixels, rows);
    };
    SessionModel model{.name = name, .device = "PUPPET", .crop = strings_->crop};
    model.compiled = std::make_shared<PuppetModel>(strings_->crop, max_batch, std::move(run));
    model.outputs.push_back({std::make_unique<PuppetConverter>(name, strings_->answer)});
    return model;
}

void Puppet::block() {
    MutexLock lock(strings_->mutex);
    strings_->blocked = true;
}

void Puppet::release() {
    MutexLock lock(strings_->mutex);
    strings_->blocked = false;
    strings_->changed.notify_all();
}

void Puppet::wait_for_blocked(int count) const {
    MutexLock lock(strings_->mutex);
    while (!strings_->blocked || strings_->held_up != count)
        strings_->changed.wait(strings_->mutex);
}

void Puppet::fail_rows(std::function<bool(std::span<const uint8_t>)> fails) {
    MutexLock lock(strings_->mutex);
    strings_->fails = std::move(fails);
}

void Puppet::work_in_runs(std::function<void(int rows)> work) {
    MutexLock lock(strings_->mutex);
    strings_->work = std::move(work);
}

std::vector<int> Puppet::batch_sizes() const {
    MutexLock lock(strings_->mutex);
    return strings_->batch_sizes;
}

PuppetDevice::PuppetDevice(std::map<std::string, Puppet> puppets, std::string device)
    : device_(std::move(device)) {
    set_device_loader(
        device_,
        [puppets = std::move(puppets)](const ModelSettings& model,
                                       const SessionSettings& session) -> Result<SessionModel> {
            const auto puppet = puppets.find(model.path.stem().string());
            if (puppet == puppets.end())
                return Error{ErrorCode::kNotFound, model.path.string() + ": no such puppet"};
            SessionModel made = puppet->second.model(puppet->first, session.max_batch);
            made.device = session.device;
            if (session.threshold)
                for (SessionModel::Output& output : made.outputs)
                    output.threshold = *session.threshold;
            return made;
        });
}

PuppetDevice::~PuppetDevice() {
    set_device_loader(device_, {});
}

}  // namespace facet::testing
