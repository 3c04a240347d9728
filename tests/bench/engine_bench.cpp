// SPDX-License-Identifier: MIT
// Images per second of the CPU backend and of OpenCV's dnn module, by model, batch and threads.
#include <benchmark/benchmark.h>

#include <cstring>
#include <opencv2/dnn.hpp>

#include "engine/backends/cpu/cpu_backend.h"
#include "tests/backends/cpu_models.h"
#include "tests/support/data_path.h"

namespace facet::testing {

namespace {

constexpr const char* kPhoto = "images/linzaer_5.jpg";

struct Setting {
    const ModelCase* model;
    int rows, threads;
};

void report(benchmark::State& state, int rows) {
    state.counters["images/s"] = benchmark::Counter(static_cast<double>(state.iterations()) * rows,
                                                    benchmark::Counter::kIsRate);
}

void run_facet(benchmark::State& state, const Setting& setting) {
    const auto graph = load_model(*data_path(setting.model->path));
    if (!graph) return state.SkipWithError(graph.error().text().c_str());
    const auto model =
        cpu_backend().compile(*graph, {.max_batch = setting.rows, .threads = setting.threads});
    if (!model) return state.SkipWithError(model.error().text().c_str());
    const auto request = (*model)->create_request();
    if (!request) return state.SkipWithError(request.error().text().c_str());
    const Tensor input = photo_rows(*setting.model, *data_path(kPhoto),
                                    (*model)->inputs()[0].row_shape, setting.rows);
    std::memcpy((*request)->input(0).bytes, input.view().bytes, input.view().byte_size());
    if (const auto first = (*request)->infer(setting.rows); !first)
        return state.SkipWithError(first.error().text().c_str());
    for (auto _ : state) benchmark::DoNotOptimize((*request)->infer(setting.rows).ok());
    report(state, setting.rows);
    state.SetLabel((*model)->description());
}

bool runs_batches(cv::dnn::Net& net, const cv::Mat& blob, const std::vector<std::string>& names) {
    std::vector<cv::Mat> outputs;
    try {
        net.setInput(blob);
        net.forward(outputs, names);
        return true;
    } catch (const cv::Exception&) {
        return false;
    }
}

std::vector<cv::Mat> rows_of(const cv::Mat& blob) {
    std::vector<cv::Mat> rows;
    for (int row = 0; row < blob.size[0]; ++row) {
        const int extents[] = {1, blob.size[1], blob.size[2], blob.size[3]};
        rows.emplace_back(4, extents, CV_32F, const_cast<float*>(blob.ptr<float>(row)));
    }
    return rows;
}

void run_opencv(benchmark::State& state, const Setting& setting) {
    const auto graph = load_model(*data_path(setting.model->path));
    if (!graph) return state.SkipWithError(graph.error().text().c_str());
    const Value& value = (*graph)->value((*graph)->inputs[0]);
    const Tensor input = photo_rows(*setting.model, *data_path(kPhoto), value.shape, setting.rows);
    const Shape shape = input.shape();
    const std::vector<int> extents(shape.extents().begin(), shape.extents().end());
    const cv::Mat blob(extents, CV_32F, const_cast<void*>(input.view().bytes));
    cv::setNumThreads(setting.threads);
    cv::dnn::Net net = cv::dnn::readNetFromONNX(data_path(setting.model->path)->string());
    const auto names = net.getUnconnectedOutLayersNames();
    std::vector<cv::Mat> outputs;
    const bool batches = runs_batches(net, blob, names);
    std::vector<cv::Mat> images{blob};
    if (!batches) images = rows_of(blob);
    for (auto _ : state) {
        for (const cv::Mat& image : images) {
            net.setInput(image);
            net.forward(outputs, names);
        }
    }
    report(state, setting.rows);
    if (!batches) state.SetLabel("one by one: OpenCV refuses the batch");
}

void register_model(const ModelCase& model) {
    const bool onnx = model.path.ends_with(".onnx");
    for (const int threads : {1, 2}) {
        for (const int rows : {1, 2, 4, 8, 16, 32}) {
            const Setting setting{&model, rows, threads};
            const std::string suffix = model.name + "/rows:" + std::to_string(rows) +
                                       "/threads:" + std::to_string(threads);
            benchmark::RegisterBenchmark(("facet/" + suffix).c_str(), run_facet, setting)
                ->UseRealTime();
            if (onnx)
                benchmark::RegisterBenchmark(("opencv/" + suffix).c_str(), run_opencv, setting)
                    ->UseRealTime();
        }
    }
}

}  // namespace

}  // namespace facet::testing

int main(int argc, char** argv) {
    using namespace facet::testing;
    for (const auto* models : {&float_models(), &quantised_models()})
        for (const ModelCase& model : *models)
            if (data_path(model.path)) register_model(model);
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
