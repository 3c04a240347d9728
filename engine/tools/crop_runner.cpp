// SPDX-License-Identifier: MIT
// Reads, prepares, compiles.
#include "engine/tools/crop_runner.h"

#include <cstring>
#include <optional>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"

namespace facet {

namespace {

Result<std::shared_ptr<CompiledModel>> compile(Graph graph, const ImageInputInfo& info,
                                               Precision precision) {
    FACET_TRY(accept_u8_pixels(graph, 0, {info.mean, info.scale}, info.channels_last));
    FACET_TRY(prepare(graph, reference::evaluate));
    static_cast<void>(analyze_batchability(graph));
    return cpu_backend().compile(std::make_shared<const Graph>(std::move(graph)),
                                 {.max_batch = 1, .precision = precision});
}

}  // namespace

Result<CropRunner> CropRunner::open(const std::filesystem::path& path, const ModelInfo& info,
                                    Precision precision) {
    std::optional<Extent2> open_size;
    if (info.input.width > 0) open_size = {info.input.height, info.input.width};
    FACET_ASSIGN(Graph graph, read_model(path, open_size));
    auto made = [&]() -> Result<CropRunner> {
        CropRunner runner;
        FACET_ASSIGN(runner.model_, compile(std::move(graph), info.input, precision));
        FACET_ASSIGN(runner.request_, runner.model_->create_request());
        const Shape& pixels = runner.model_->inputs()[0].row_shape;
        runner.crop_ = {static_cast<int>(pixels[2]), static_cast<int>(pixels[1]),
                        pixels[3] == 1 ? ColorOrder::kGray : info.input.order};
        std::vector<OutputPort> ports;
        for (const Port& port : runner.outputs()) ports.push_back({port.name, port.row_shape});
        for (const OutputInfo& output : info.outputs) {
            FACET_ASSIGN(auto converter, make_converter(info, output, ports, runner.crop_.width,
                                                        runner.crop_.height));
            runner.converters_.push_back(std::move(converter));
        }
        return runner;
    }();
    if (!made.ok()) return made.error().within(path.string());
    return made;
}

Result<void> CropRunner::run(const ImageRow& crop) {
    std::memcpy(request_->input(0).bytes, crop.pixels.data(), crop.pixels.size());
    return request_->infer(1);
}

std::span<const float> CropRunner::output(size_t port) const {
    return request_->output(port).as<float>().first(outputs()[port].row_shape.elements());
}

std::vector<TensorView> CropRunner::views() const {
    std::vector<TensorView> views;
    for (size_t port = 0; port < outputs().size(); ++port)
        views.push_back({DataType::kF32, outputs()[port].row_shape, request_->output(port).bytes});
    return views;
}

}  // namespace facet
