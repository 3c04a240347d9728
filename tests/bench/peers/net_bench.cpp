// SPDX-License-Identifier: MIT
// Seconds per batch of the engine, its peers and the ceilings, taking turns. One JSON object per
// line; tests/bench/peers/report.py makes tables of them.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/net_race.h"
#include "tests/bench/peers/onnx_export.h"
#include "tests/bench/peers/report_line.h"

namespace facet::bench {
namespace {

constexpr RacePlan kQuick{3, 0.006}, kFull{6, 0.02};
const std::vector<int> kQuickRows{1, 4, 8, 32};
const std::vector<int> kFullRows{1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32};
const std::vector<int> kBf16Rows{1, 8, 32};
constexpr int kMostRows = 32;

// What one model in one precision needs to be run by everybody.
struct Course {
    std::string model, precision;
    std::shared_ptr<const Graph> graph;
    Precision asked;
    std::string onnx;
};

using Made = Result<std::unique_ptr<Contender>>;

// A contender of `threads` threads as one, and as two where there are two.
template <typename Make>
void enter(const Course& course, const std::string& engine, int threads, const Make& make,
           std::vector<Entrant>& entrants, const std::vector<int>& rows = {}) {
    Made wide = make(threads);
    if (!wide.ok())
        return print_absence(course.model + " " + course.precision + " " + engine, wide.error());
    entrants.push_back({engine, "wide", std::move(*wide), rows, {}});
    if (threads != 2) return;
    Made here = make(1), there = make(1);
    if (here.ok() && there.ok())
        entrants.push_back(
            {engine, "narrow", make_pair(std::move(*here), std::move(*there)), rows, {}});
}

std::vector<Entrant> make_entrants(const Course& course, OnnxRuntime* runtime, int threads) {
    std::vector<Entrant> entrants;
    enter(
        course, "facet", threads,
        [&](int count) { return make_facet(course.graph, course.asked, count, kMostRows); },
        entrants);
    if (runtime != nullptr)
        enter(
            course, "onnxruntime", threads,
            [&](int count) {
                return make_onnx_runtime(*runtime, *course.graph, course.onnx, count, kMostRows);
            },
            entrants);
    if (course.precision != "fp32") return entrants;
    enter(
        course, "facet-bf16", threads,
        [&](int count) { return make_facet(course.graph, Precision::kBf16, count, kMostRows); },
        entrants, kBf16Rows);
    Made opencv = make_opencv(course.graph, threads, kMostRows);
    if (opencv.ok())
        entrants.push_back({"opencv", "wide", std::move(*opencv), {}, {}});
    else
        print_absence(course.model + " opencv", opencv.error());
    return entrants;
}

// The largest difference from the engine's outputs, as a share of its largest magnitude where
// that is above one: proof that all run the same net.
void compare_outputs(const Course& course, std::vector<Entrant>& entrants) {
    std::vector<float> ours;
    for (Entrant& entrant : entrants) {
        if (entrant.engine == "facet-bf16" || !entrant.contender->run(1).ok()) continue;
        const std::vector<float> values = entrant.contender->results();
        if (ours.empty()) ours = values;
        // The engine's DetectionOutput has no counterpart in the peers' files.
        if (values.size() != ours.size()) continue;
        double difference = 0, most = 1;
        for (size_t i = 0; i < values.size(); ++i) {
            difference = std::max(difference, std::abs(double{values[i]} - ours[i]));
            most = std::max(most, std::abs(double{ours[i]}));
        }
        std::printf(
            "{\"kind\":\"difference\",\"model\":\"%s\",\"precision\":\"%s\","
            "\"engine\":\"%s\",\"mode\":\"%s\",\"share\":%.3g}\n",
            course.model.c_str(), course.precision.c_str(), entrant.engine.c_str(),
            entrant.mode.c_str(), difference / most);
    }
}

// Arguments of main().
struct Arguments {
    bool quick = false;
    std::vector<std::string> models, numbers;  // empty: all
    std::vector<int> threads, rows;            // empty: all
    std::string library, quantised;

    [[nodiscard]] std::vector<int> batch_sizes() const {
        return !rows.empty() ? rows : quick ? kQuickRows : kFullRows;
    }
};

template <typename T>
bool asked_for(const std::vector<T>& list, const T& item) {
    return list.empty() || std::ranges::count(list, item) > 0;
}

void run_course(const Course& course, OnnxRuntime* runtime, const Arguments& arguments) {
    std::printf("{\"kind\":\"model\",\"model\":\"%s\",\"precision\":\"%s\",\"gflop\":%.5f}\n",
                course.model.c_str(), course.precision.c_str(), operations_of(*course.graph) / 1e9);
    const auto numbers =
        course.precision == "int8" ? CeilingNumbers::kInt8 : CeilingNumbers::kFloat;
    const int processors = static_cast<int>(std::thread::hardware_concurrency());
    for (int threads = 1; threads <= std::min(2, processors); ++threads) {
        if (!asked_for(arguments.threads, threads)) continue;
        std::vector<Entrant> entrants = make_entrants(course, runtime, threads);
        if (threads == 1) compare_outputs(course, entrants);
        Ceiling ceiling(numbers, threads);
        ceiling.run();
        race({course.model, course.precision, threads}, entrants, ceiling, arguments.batch_sizes(),
             arguments.quick ? kQuick : kFull);
    }
}

void run_file(const std::string& model, const std::string& precision, const std::string& file,
              OnnxRuntime* runtime, const Arguments& arguments) {
    if (!asked_for(arguments.numbers, precision)) return;
    const bool whole = precision == "int8";
    const auto graph = load_graph(file);
    if (!graph.ok()) return print_absence(model + " " + precision, graph.error());
    const auto onnx =
        export_onnx(**graph, whole ? ExportNumbers::kQuantised : ExportNumbers::kFloat, 0);
    if (!onnx.ok()) {
        print_absence(model + " " + precision + " as ONNX", onnx.error());
        runtime = nullptr;
    }
    run_course({model, precision, *graph, whole ? Precision::kInt8 : Precision::kF32,
                onnx.ok() ? *onnx : std::string()},
               runtime, arguments);
}

std::vector<std::string> words_of(const std::string& list) {
    std::vector<std::string> words;
    std::istringstream stream(list);
    for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
    return words;
}
std::vector<int> numbers_of(const std::string& list) {
    std::vector<int> numbers;
    for (const std::string& word : words_of(list))
        numbers.push_back(std::clamp(std::atoi(word.c_str()), 1, kMostRows));
    return numbers;
}

Arguments parse(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i], next = i + 1 < count ? words[i + 1] : "";
        if (word == "--quick") arguments.quick = true;
        if (word == "--numbers") arguments.numbers = words_of(next);
        if (word == "--models") arguments.models = words_of(next);
        if (word == "--threads") arguments.threads = numbers_of(next);
        if (word == "--rows") arguments.rows = numbers_of(next);
        if (word == "--onnxruntime") arguments.library = next;
        if (word == "--quantised") arguments.quantised = next;
    }
    return arguments;
}

int run(const Arguments& arguments) {
    std::shared_ptr<OnnxRuntime> runtime;
    if (!arguments.library.empty()) {
        const auto loaded = OnnxRuntime::load(arguments.library);
        if (loaded.ok()) {
            runtime = *loaded;
            std::printf("{\"kind\":\"peer\",\"name\":\"ONNX Runtime\",\"version\":\"%s\"}\n",
                        runtime->version().c_str());
        } else {
            print_absence("ONNX Runtime", loaded.error());
        }
    }
    for (const BenchModel& model : bench_models(arguments.quantised)) {
        if (!asked_for(arguments.models, model.name)) continue;
        run_file(model.name, "fp32", model.float_file, runtime.get(), arguments);
        run_file(model.name, "int8", model.quantised_file, runtime.get(), arguments);
    }
    return 0;
}

}  // namespace
}  // namespace facet::bench

// Arguments: [--quick] [--models M,M] [--numbers fp32,int8] [--threads 1,2] [--rows N,N]
// [--onnxruntime LIBRARY] [--quantised FOLDER]
int main(int count, char** words) {
    return facet::bench::run(facet::bench::parse(count, words));
}
