// SPDX-License-Identifier: MIT
// Load time, first inference and memory of the engine and ONNX Runtime, each in a process of its
// own. One JSON object per line for tests/bench/peers/report.py.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/contender.h"
#include "tests/bench/peers/onnx_export.h"
#include "tests/bench/peers/report_line.h"

namespace facet::bench {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Resident memory of this process.
double memory_mib() {
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    long total = 0, resident = 0;
    if (file == nullptr || std::fscanf(file, "%ld %ld", &total, &resident) != 2) resident = 0;
    if (file != nullptr) std::fclose(file);
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

struct Case {
    std::string model, precision, file, engine;
    int most;  // rows
};

// Each size up to the largest once, as a warm-up leaves it; then what a batch of one takes. The
// engine takes pixels, as in its elements, and the first image is the only one in its request; ONNX
// Runtime takes floats.
Result<void> measure(const Case& c, const std::string& library) {
    const Precision precision = c.precision == "int8" ? Precision::kInt8 : Precision::kF32;
    const int threads = static_cast<int>(std::min(2u, std::thread::hardware_concurrency()));
    std::shared_ptr<OnnxRuntime> runtime;
    std::string onnx;
    if (c.engine == "onnxruntime") {
        FACET_ASSIGN(runtime, OnnxRuntime::load(library));
        FACET_ASSIGN(const auto graph, load_graph(c.file));
        FACET_ASSIGN(onnx, export_onnx(*graph,
                                       c.precision == "int8" ? ExportNumbers::kQuantised
                                                             : ExportNumbers::kFloat,
                                       0));
    }
    const double before = memory_mib();
    const auto begin_read = Clock::now();
    std::shared_ptr<const Graph> graph;
    std::unique_ptr<Contender> contender;
    auto loaded = begin_read;
    if (runtime) {
        FACET_ASSIGN(graph, load_graph(c.file));
        // Its own reading of the file only.
        loaded = Clock::now();
        FACET_ASSIGN(contender, make_onnx_runtime(*runtime, *graph, onnx, threads, c.most));
    } else {
        FACET_ASSIGN(graph, load_pixel_graph(c.file));
        FACET_ASSIGN(contender, make_facet_on_pixels(graph, precision, threads, c.most));
    }
    const double load = milliseconds_since(loaded);
    const auto first = Clock::now();
    FACET_TRY(contender->run(1));
    const double first_ms = milliseconds_since(first);
    for (int rows = 2; rows <= c.most; ++rows) FACET_TRY(contender->run(rows));
    const double memory = memory_mib() - before;
    double steady = 1e9;
    for (int i = 0; i < 50; ++i) {
        const auto begin = Clock::now();
        FACET_TRY(contender->run(1));
        steady = std::min(steady, milliseconds_since(begin));
    }
    std::printf(
        "{\"kind\":\"load\",\"model\":\"%s\",\"precision\":\"%s\",\"engine\":\"%s\","
        "\"max_batch\":%d,\"load_ms\":%.2f,\"first_ms\":%.3f,\"steady_ms\":%.3f,"
        "\"memory_mib\":%.1f}\n",
        c.model.c_str(), c.precision.c_str(), c.engine.c_str(), c.most, load, first_ms, steady,
        memory);
    return {};
}

void run_alone(const Case& c, const std::string& library) {
    const pid_t child = fork();
    if (child == 0) {
        const Result<void> measured = measure(c, library);
        if (!measured.ok())
            print_absence("load, " + c.model + ", " + c.precision + ", " + c.engine,
                          measured.error());
        std::fflush(stdout);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
}

}  // namespace
}  // namespace facet::bench

// Arguments: [--quick] [--onnxruntime LIBRARY] [--quantised FOLDER]
int main(int count, char** words) {
    using namespace facet::bench;
    bool quick = false;
    std::string library, quantised;
    for (int i = 1; i < count; ++i) {
        if (std::strcmp(words[i], "--quick") == 0) quick = true;
        if (std::strcmp(words[i], "--onnxruntime") == 0 && i + 1 < count) library = words[i + 1];
        if (std::strcmp(words[i], "--quantised") == 0 && i + 1 < count) quantised = words[i + 1];
    }
    for (const BenchModel& model : bench_models(quantised)) {
        if (quick && model.name != "age-gender") continue;
        for (const int most : {1, 32}) {
            run_alone({model.name, "fp32", model.float_file, "facet", most}, library);
            if (!library.empty())
                run_alone({model.name, "fp32", model.float_file, "onnxruntime", most}, library);
            run_alone({model.name, "int8", model.quantised_file, "facet", most}, library);
            if (!library.empty())
                run_alone({model.name, "int8", model.quantised_file, "onnxruntime", most}, library);
        }
    }
    return 0;
}
