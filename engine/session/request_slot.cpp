// SPDX-License-Identifier: MIT
// Gathers crops into a request's rows, runs it, and converts the rows of its outputs.
#include "engine/session/request_slot.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace facet {

namespace {

Result<void> check_input(const SessionModel& model) {
    const std::vector<Port>& inputs = model.compiled->inputs();
    if (inputs.size() == 1 && inputs[0].type == DataType::kU8 &&
        static_cast<size_t>(inputs[0].row_shape.elements()) == model.crop.byte_size())
        return {};
    return Error{ErrorCode::kInternal,
                 model.name + ": compiled with other inputs than one u8 image of the crop's size"};
}

// One row of an output that holds `row` of them.
TensorView row_of(const TensorView& output, const Shape& row_shape, size_t row) {
    const size_t row_bytes = row_shape.elements() * size_of(output.type);
    return {output.type, row_shape, static_cast<const std::byte*>(output.bytes) + row * row_bytes};
}

}  // namespace

RequestSlot::RequestSlot(const std::vector<SessionModel>& models, std::vector<size_t> specs)
    : models_(&models), specs_(std::move(specs)) {}

Result<RequestSlot> RequestSlot::create(const std::vector<SessionModel>& models,
                                        std::vector<size_t> specs, int threads) {
    RequestSlot slot(models, std::move(specs));
    for (const SessionModel& model : models) {
        FACET_TRY(check_input(model));
        Result<std::unique_ptr<InferRequest>> request = model.compiled->create_request(threads);
        if (!request.ok()) return request.error().within(model.name);
        slot.requests_.push_back(std::move(*request));
    }
    return slot;
}

Result<void> RequestSlot::run_zeros(int rows) {
    for (size_t model = 0; model < requests_.size(); ++model) {
        const MutableTensorView input = requests_[model]->input(0);
        std::memset(input.bytes, 0, input.byte_size() / input.shape[0] * rows);
        const Result<void> ran = requests_[model]->infer(rows);
        if (!ran.ok())
            return ran.error().within((*models_)[model].name + ": warm-up with " +
                                      std::to_string(rows) + " rows");
    }
    return {};
}

Result<std::vector<StepProfile>> RequestSlot::profile(size_t model, int rows) {
    return requests_[model]->profile(rows);
}

Result<void> RequestSlot::run(std::span<CropBuffer* const> crops, int rows,
                              std::span<Converted> results) {
    for (size_t model = 0; model < requests_.size(); ++model) {
        gather(model, crops);
        const Result<void> ran = requests_[model]->infer(rows);
        if (!ran.ok()) return ran.error().within((*models_)[model].name);
        convert(model, results);
    }
    return {};
}

void RequestSlot::gather(size_t model, std::span<CropBuffer* const> crops) {
    uint8_t* row = requests_[model]->input(0).as<uint8_t>().data();
    for (CropBuffer* crop : crops) row = std::ranges::copy(crop->pixels(specs_[model]), row).out;
}

void RequestSlot::convert(size_t model, std::span<Converted> results) const {
    const std::vector<Port>& ports = (*models_)[model].compiled->outputs();
    std::vector<TensorView> outputs;
    for (size_t port = 0; port < ports.size(); ++port)
        outputs.push_back(requests_[model]->output(port));
    std::vector<TensorView> rows(ports.size());
    for (size_t row = 0; row < results.size(); ++row) {
        for (size_t port = 0; port < ports.size(); ++port)
            rows[port] = row_of(outputs[port], ports[port].row_shape, row);
        for (const SessionModel::Output& output : (*models_)[model].outputs)
            output.converter->convert(rows, output.threshold, results[row]);
    }
}

}  // namespace facet
