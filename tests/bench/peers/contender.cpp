// SPDX-License-Identifier: MIT
// The engine, ONNX Runtime and two of one kind behind one interface.
#include "tests/bench/peers/contender.h"

#include <cstring>
#include <utility>

#include "engine/backends/cpu/cpu_backend.h"
#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/pair.h"

namespace facet::bench {
namespace {

class Facet final : public Contender {
  public:
    Facet(std::shared_ptr<CompiledModel> model, std::unique_ptr<InferRequest> request)
        : model_(std::move(model)), request_(std::move(request)) {}

    Result<void> run(int rows) override { return request_->infer(rows); }
    std::vector<float> results() const override {
        std::vector<float> values;
        for (size_t port = 0; port < model_->outputs().size(); ++port) {
            const int64_t count = model_->outputs()[port].row_shape.elements();
            const float* first = request_->output(port).as<float>().data();
            values.insert(values.end(), first, first + count);
        }
        return values;
    }

  private:
    std::shared_ptr<CompiledModel> model_;
    std::unique_ptr<InferRequest> request_;
};

class OnnxRuntimeRun final : public Contender {
  public:
    OnnxRuntimeRun(std::unique_ptr<OnnxNet> net, const Graph& graph, int most)
        : net_(std::move(net)),
          row_shape_(graph.value(graph.inputs[0]).shape),
          input_(made_up_rows(graph, most)) {}

    Result<void> run(int rows) override {
        const auto values = input_.as<float>().first(row_shape_.elements() * rows);
        return net_->run(row_shape_.scaled(rows), values);
    }
    std::vector<float> results() const override {
        std::vector<float> values;
        for (size_t index = 0; index < net_->output_count(); ++index) {
            const auto output = net_->output(index);
            values.insert(values.end(), output.begin(), output.end());
        }
        return values;
    }

  private:
    std::unique_ptr<OnnxNet> net_;
    const Shape row_shape_;
    const Tensor input_;
};

class Halves final : public Contender {
  public:
    Halves(std::unique_ptr<Contender> here, std::unique_ptr<Contender> there)
        : here_(std::move(here)), there_(std::move(there)) {}

    Result<void> run(int rows) override {
        Result<void> first, second;
        if (rows < 2) return here_->run(rows);
        const std::function<void()> here = [&] { first = here_->run(rows - rows / 2); };
        const std::function<void()> there = [&] { second = there_->run(rows / 2); };
        pair_.run(here, there);
        FACET_TRY(first);
        return second;
    }
    std::vector<float> results() const override { return here_->results(); }

  private:
    std::unique_ptr<Contender> here_, there_;
    Pair pair_;
};

}  // namespace

Result<std::unique_ptr<Contender>> make_facet(const std::shared_ptr<const Graph>& graph,
                                              Precision precision, int threads, int most) {
    FACET_ASSIGN(std::shared_ptr<CompiledModel> model,
                 cpu_backend().compile(
                     graph, {.max_batch = most, .threads = threads, .precision = precision}));
    FACET_ASSIGN(std::unique_ptr<InferRequest> request, model->create_request());
    const Tensor input = made_up_rows(*graph, most);
    std::memcpy(request->input(0).bytes, input.view().bytes, input.view().byte_size());
    return std::unique_ptr<Contender>(new Facet(std::move(model), std::move(request)));
}

Result<std::unique_ptr<Contender>> make_facet_on_pixels(const std::shared_ptr<const Graph>& graph,
                                                        Precision precision, int threads,
                                                        int most) {
    FACET_ASSIGN(std::shared_ptr<CompiledModel> model,
                 cpu_backend().compile(
                     graph, {.max_batch = most, .threads = threads, .precision = precision}));
    FACET_ASSIGN(std::unique_ptr<InferRequest> request, model->create_request());
    const std::span<uint8_t> pixels = request->input(0).as<uint8_t>();
    const size_t row = pixels.size() / static_cast<size_t>(most);
    for (size_t i = 0; i < row; ++i) pixels[i] = static_cast<uint8_t>(i * 7);
    return std::unique_ptr<Contender>(new Facet(std::move(model), std::move(request)));
}

Result<std::unique_ptr<Contender>> make_onnx_runtime(OnnxRuntime& runtime, const Graph& graph,
                                                     const std::string& file, int threads,
                                                     int most) {
    FACET_ASSIGN(std::unique_ptr<OnnxNet> net, runtime.open(file, threads));
    return std::unique_ptr<Contender>(new OnnxRuntimeRun(std::move(net), graph, most));
}

std::unique_ptr<Contender> make_pair(std::unique_ptr<Contender> here,
                                     std::unique_ptr<Contender> there) {
    return std::make_unique<Halves>(std::move(here), std::move(there));
}

}  // namespace facet::bench
