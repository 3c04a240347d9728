// SPDX-License-Identifier: MIT
// Times the GPU device on real models: a batch from u8 pixels in pinned memory to its results, its
// kernels alone, and how much of what the device can do that is. Run by tests/bench/gpu.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/backends/gpu/devices.h"
#include "engine/backends/gpu/gpu_registry.h"
#include "engine/backends/reference/reference_backend.h"
#include "tests/bench/gpu_bench_layers.h"
#include "tests/bench/gpu_bench_model.h"
#include "tests/bench/gpu_ceilings.h"

namespace facet::bench {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Options {
    std::filesystem::path models, out;
    std::string device = "GPU";
    std::vector<int> batches;
    std::vector<std::string> precisions;
    bool quick = false;
    double seconds = 420;  // no further model is begun after so long
};

struct Source {
    const char* file;  // within the folder of models
    ImageInput image;
};
const Source kSources[] = {
    {"age-gender-recognition-retail-0013/FP32-dequantized/age-gender-recognition-retail-0013.onnx",
     {}},
    {"emotions-recognition-retail-0003/FP32-dequantized/emotions-recognition-retail-0003.onnx", {}},
    {"ultraface/version-RFB-320.onnx", {{127, 127, 127}, {128, 128, 128}}}};

constexpr int kCheckedRows = 2;
double tolerance(Precision precision) {
    return precision == Precision::kF16 ? 2e-2 : 1e-4;
}

void fill(InferRequest& request) {
    std::mt19937 random(3);
    for (uint8_t& pixel : request.input(0).as<uint8_t>()) pixel = static_cast<uint8_t>(random());
}

// The outputs of `rows` rows, one after the other.
Result<std::vector<float>> outputs_of(CompiledModel& model, int rows) {
    FACET_ASSIGN(const std::unique_ptr<InferRequest> request, model.create_request());
    fill(*request);
    FACET_TRY(request->infer(rows));
    std::vector<float> values;
    for (size_t port = 0; port < model.outputs().size(); ++port) {
        const auto all = request->output(port).as<float>();
        const size_t wanted = model.outputs()[port].row_shape.elements() * rows;
        values.insert(values.end(), all.begin(), all.begin() + static_cast<ptrdiff_t>(wanted));
    }
    return values;
}

// What the reference says of the first rows; kept for gpu_torch.py with the pixels it saw.
Result<std::vector<float>> expected_of(const BenchModel& bench, const std::filesystem::path& out) {
    FACET_ASSIGN(const std::shared_ptr<CompiledModel> reference,
                 reference_backend().compile(bench.graph, {.max_batch = kCheckedRows}));
    FACET_ASSIGN(const std::unique_ptr<InferRequest> request, reference->create_request());
    fill(*request);
    const auto pixels = request->input(0).as<uint8_t>();
    FACET_ASSIGN(std::vector<float> expected, outputs_of(*reference, kCheckedRows));
    std::ofstream(out / "pixels.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(pixels.data()), std::ssize(pixels));
    std::ofstream(out / "expected.bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(expected.data()),
               static_cast<std::streamsize>(expected.size() * sizeof(float)));
    return expected;
}

// The largest difference from the reference, as a share of the largest value.
Result<double> error_of(CompiledModel& model, const std::vector<float>& expected) {
    FACET_ASSIGN(const std::vector<float> got, outputs_of(model, kCheckedRows));
    double largest = 0, difference = 0;
    for (size_t i = 0; i < expected.size(); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
        difference = std::max(difference, std::abs(static_cast<double>(got[i]) - expected[i]));
    }
    return difference / std::max(largest, 1e-30);
}

// The median time of a batch, in seconds.
Result<double> time_batch(InferRequest& request, int rows, bool quick) {
    const double budget = quick ? 0.05 : 0.3;
    const size_t least = quick ? 2 : 10;
    FACET_TRY(request.infer(rows));
    std::vector<double> times;
    const Clock::time_point begin = Clock::now();
    while (times.size() < least || Seconds(Clock::now() - begin).count() < budget) {
        const Clock::time_point start = Clock::now();
        FACET_TRY(request.infer(rows));
        times.push_back(Seconds(Clock::now() - start).count());
        if (times.size() >= 2000) break;
    }
    std::ranges::nth_element(times, times.begin() + times.size() / 2);
    return times[times.size() / 2];
}

// Seconds of the batch's kernels and copies by the device's own clock; 0 where it does not tell.
double kernel_time(InferRequest& request, int rows) {
    const auto steps = request.profile(rows);
    double seconds = 0;
    if (steps.ok())
        for (const StepProfile& step : *steps)
            if (step.device.starts_with("GPU")) seconds += step.seconds;
    return seconds;
}

Result<Json> bench_batch(InferRequest& request, const BenchModel& model, int rows,
                         const Ceilings& ceilings, double peak, bool quick) {
    FACET_ASSIGN(const double wall, time_batch(request, rows, quick));
    const double kernels = kernel_time(request, rows);
    const double flop = model.flop * rows;
    const double bytes = model.row_bytes * rows + model.weight_bytes;
    Json result{
        {"images_per_s", rows / wall},      {"ms", wall * 1e3},
        {"kernel_ms", kernels * 1e3},       {"kernel_share", kernels / wall},
        {"peak_share", flop / wall / peak}, {"memory_share", bytes / wall / ceilings.bytes_per_s},
        {"vs_torch_graph", nullptr}};
    std::printf("%6d %12.0f %10.3f %10.3f %9.1f%% %9.2f%% %9.2f%%\n", rows, rows / wall, wall * 1e3,
                kernels * 1e3, 100 * kernels / wall, 100 * flop / wall / peak,
                100 * bytes / wall / ceilings.bytes_per_s);
    std::fflush(stdout);
    return result;
}

// CLBlast beside the layers of a batch of eight, or of the largest below; none where it is missing.
void add_layers(Json& result, const BenchModel& model, InferRequest& request,
                const Options& options) {
    const auto device = gpu::choose_device(gpu::gpu_devices(), options.device);
    int rows = options.batches.front();
    for (const int batch : options.batches)
        if (batch <= 8) rows = std::max(rows, batch);
    auto layers = bench_layers((*device)->info, *model.graph, request, rows);
    if (!layers) {
        std::printf("CLBlast: %s\n", layers.error().message.c_str());
        result["clblast"] = layers.error().message;
        return;
    }
    result["clblast"] = {{"rows", rows}, {"layers", *std::move(layers)}};
}

Result<Json> bench_model(const Backend& backend, const BenchModel& model,
                         const std::vector<float>& expected, Precision precision,
                         const Ceilings& ceilings, const Options& options) {
    FACET_ASSIGN(
        const std::shared_ptr<CompiledModel> compiled,
        backend.compile(model.graph, {.max_batch = std::max(options.batches.back(), kCheckedRows),
                                      .precision = precision}));
    FACET_ASSIGN(const double error, error_of(*compiled, expected));
    const bool right = error <= tolerance(precision);
    std::printf("\n%s, %s: %.1f MFLOP a row, differs from the reference by %.1e (%s)\n",
                model.name.c_str(), std::string(to_string(precision)).c_str(), model.flop / 1e6,
                error, right ? "within tolerance" : "TOO MUCH");
    std::printf("%6s %12s %10s %10s %10s %10s %10s\n", "batch", "images/s", "ms", "kernel ms",
                "kernels", "of peak", "of memory");
    FACET_ASSIGN(const std::unique_ptr<InferRequest> request, compiled->create_request());
    fill(*request);
    const bool halves = precision == Precision::kF16;
    const double peak = std::max(ceilings.flop_per_s, halves ? ceilings.matrix_flop_per_s : 0.0);
    Json batches = Json::object();
    for (const int rows : options.batches) {
        FACET_ASSIGN(Json batch, bench_batch(*request, model, rows, ceilings, peak, options.quick));
        batches[std::to_string(rows)] = std::move(batch);
    }
    std::printf("%s\n", compiled->description().c_str());
    Json result{{"model", model.name},
                {"precision", std::string(to_string(precision))},
                {"correct", right},
                {"batch", std::move(batches)},
                {"runs_as", compiled->description()}};
    if (!halves) add_layers(result, model, *request, options);
    return result;
}

Json report_of(const gpu::opencl::DeviceInfo& device, const Ceilings& ceilings) {
    std::printf("%s, driver %s: %.2f TFLOP/s fp32 and %.0f GB/s measured; ", device.name.c_str(),
                device.driver.c_str(), ceilings.flop_per_s * 1e-12, ceilings.bytes_per_s * 1e-9);
    if (ceilings.no_matrix.empty())
        std::printf("matrix unit %.1f TFLOP/s\n", ceilings.matrix_flop_per_s * 1e-12);
    else
        std::printf("no matrix unit: %s\n", ceilings.no_matrix.c_str());
    Json report{{"device", device.name},
                {"driver", device.driver},
                {"peak_tflops", ceilings.flop_per_s * 1e-12},
                {"memory_gbs", ceilings.bytes_per_s * 1e-9}};
    if (ceilings.no_matrix.empty())
        report["matrix_tflops"] = ceilings.matrix_flop_per_s * 1e-12;
    else
        report["matrix_tflops"] = ceilings.no_matrix;
    report["models"] = Json::array();
    return report;
}

// The figures of the first model, and the others behind them: what gpu_torch.py prints, without
// PyTorch. After every model, so that what was measured survives whatever comes next.
void write_reports(const Json& report, const std::filesystem::path& out) {
    std::ofstream(out / "facet.json") << report.dump();
    Json line{{"device", report["device"]}};
    line.update(report["models"][0]);
    for (const auto& [name, value] : report.items())
        if (name != "device" && name != "models") line[name] = value;
    line["models"] = Json::array();
    for (size_t i = 1; i < report["models"].size(); ++i)
        line["models"].push_back(report["models"][i]);
    std::ofstream(out / "report.json") << line.dump();
}

// One model in each precision, appended to the report; what fails is there with its error.
Result<bool> bench_source(const Backend& backend, const Source& source, const Ceilings& ceilings,
                          const Options& options, Json& report, Clock::time_point until) {
    FACET_ASSIGN(const BenchModel model,
                 load_bench_model(options.models / source.file, source.image));
    FACET_TRY(write_graph(*model.graph, options.out / model.name));
    FACET_ASSIGN(const std::vector<float> expected, expected_of(model, options.out / model.name));
    bool right = true;
    for (const std::string& name : options.precisions) {
        const auto precision = parse_precision(name).value_or(Precision::kF32);
        Result<Json> result = Error{ErrorCode::kCancelled, "left out, the time is up"};
        if (Clock::now() < until)
            result = bench_model(backend, model, expected, precision, ceilings, options);
        if (!result) {
            std::printf("\n%s, %s: %s\n", model.name.c_str(), name.c_str(),
                        result.error().text().c_str());
            result = Json{{"model", model.name},
                          {"precision", name},
                          {"correct", false},
                          {"error", result.error().text()},
                          {"batch", Json::object()}};
        }
        right = right && (*result)["correct"].get<bool>();
        report["models"].push_back(*std::move(result));
        write_reports(report, options.out);
    }
    return right;
}

Result<bool> bench_all(const Options& options) {
    const auto until =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(options.seconds));
    FACET_ASSIGN(const Backend* backend, find_gpu(options.device));
    FACET_ASSIGN(const gpu::GpuDevice* device,
                 gpu::choose_device(gpu::gpu_devices(), options.device));
    FACET_ASSIGN(const Ceilings ceilings, measure_ceilings(device->info, options.quick));
    Json report = report_of(device->info, ceilings);
    bool right = true;
    for (const Source& source : kSources) {
        FACET_ASSIGN(const bool own,
                     bench_source(*backend, source, ceilings, options, report, until));
        right = right && own;
    }
    return right;
}

}  // namespace
}  // namespace facet::bench

int main(int argc, char** argv) {
    facet::bench::Options options;
    CLI::App app("Times the GPU device on real models.");
    app.add_option("--models", options.models, "FACET_DATA's folder of models")->required();
    app.add_option("--out", options.out, "folder for facet.json and the graphs")->required();
    app.add_option("--device", options.device, "GPU, GPU.1, GPU:PART")->capture_default_str();
    app.add_option("--batch", options.batches, "ascending sizes")
        ->delimiter(',')
        ->check(CLI::Range(1, 2048));
    app.add_option("--precision", options.precisions, "fp32, fp16")
        ->delimiter(',')
        ->check(CLI::IsMember({"fp32", "fp16"}));
    app.add_flag("--quick", options.quick, "short measurements of few sizes, in fp32");
    app.add_option("--seconds", options.seconds, "begin no further model after so long")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    if (options.batches.empty())
        options.batches =
            options.quick ? std::vector{1, 2, 4} : std::vector{1, 2, 4, 8, 16, 32, 64, 128, 256};
    if (options.precisions.empty())
        options.precisions = options.quick ? std::vector<std::string>{"fp32"}
                                           : std::vector<std::string>{"fp32", "fp16"};
    const auto right = facet::bench::bench_all(options);
    if (right.ok()) return *right ? 0 : 3;
    std::fprintf(stderr, "bench-gpu: %s\n", right.error().text().c_str());
    return 1;
}
