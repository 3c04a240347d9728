// SPDX-License-Identifier: MIT
// Seconds per batch of the engine, its peers and the ceilings, taking turns. One JSON object per
// line; tests/bench/peers/report.py makes tables of them.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/ceiling.h"
#include "tests/bench/peers/contender.h"
#include "tests/bench/peers/onnx_export.h"

namespace facet::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Plan {
    std::vector<int> rows;
    int turns;       // of every contender at every setting
    double seconds;  // of one turn
};
const Plan kQuick{{1, 4, 8, 32}, 3, 0.006}, kFull{{1, 2, 3, 4, 6, 8, 12, 16, 24, 32}, 9, 0.04};
constexpr int kMostRows = 32;
constexpr std::chrono::milliseconds kCalm(10);  // more than any peer watches without work

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this thread's own work: what runs on one thread is so not charged for its neighbours'.
double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}
// Waits until the threads of whoever ran last sleep: some watch for work for 60 ms, on processors
// that the next needs.
void settle() {
    const auto process_seconds = [] {
        timespec time{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    };
    for (int look = 0; look < 100; ++look) {
        const double before = process_seconds();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (process_seconds() - before < 2e-4) return;
    }
}

double now_seconds(int threads) {
    return threads == 1 ? thread_seconds()
                        : std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

struct Entrant {
    std::string engine, mode;
    std::unique_ptr<Contender> contender;
    std::vector<double> seconds;  // per batch
};

void report_absence(const std::string& what, const Error& why) {
    std::string reason = why.message;
    for (char& c : reason)
        if (c == '"' || c == '\\' || c == '\n') c = ' ';
    std::printf("{\"kind\":\"absent\",\"what\":\"%s\",\"why\":\"%s\"}\n", what.c_str(),
                reason.c_str());
}

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
           std::vector<Entrant>& entrants) {
    Made wide = make(threads);
    if (!wide.ok())
        return report_absence(course.model + " " + course.precision + " " + engine, wide.error());
    entrants.push_back({engine, "wide", std::move(*wide), {}});
    if (threads != 2) return;
    Made here = make(1), there = make(1);
    if (here.ok() && there.ok())
        entrants.push_back({engine, "narrow", make_pair(std::move(*here), std::move(*there)), {}});
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
    Made opencv = make_opencv(course.graph, threads, kMostRows);
    if (opencv.ok())
        entrants.push_back({"opencv", "wide", std::move(*opencv), {}});
    else
        report_absence(course.model + " opencv", opencv.error());
    return entrants;
}

// The largest difference from the engine's outputs, as a share of its largest magnitude where
// that is above one: proof that all run the same net.
void compare_outputs(const Course& course, std::vector<Entrant>& entrants) {
    std::vector<float> ours;
    for (Entrant& entrant : entrants) {
        if (!entrant.contender->run(1).ok()) continue;
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

// Batches for at least the plan's time; an error withdraws the entrant from this batch size.
bool take_turn(Entrant& entrant, int threads, int rows, double seconds) {
    const auto start = Clock::now();
    do {
        const double begin = now_seconds(threads);
        const Result<void> ran = entrant.contender->run(rows);
        if (!ran.ok()) {
            report_absence(entrant.engine + " at " + std::to_string(rows) + " rows", ran.error());
            return false;
        }
        entrant.seconds.push_back(now_seconds(threads) - begin);
    } while (since(start) < seconds);
    return true;
}

void report_entrant(const Course& course, const Entrant& entrant, int threads, int rows) {
    std::vector<double> sorted = entrant.seconds;
    std::ranges::sort(sorted);
    std::printf(
        "{\"kind\":\"net\",\"model\":\"%s\",\"precision\":\"%s\",\"threads\":%d,"
        "\"rows\":%d,\"engine\":\"%s\",\"mode\":\"%s\",\"best_s\":%.9f,"
        "\"median_s\":%.9f}\n",
        course.model.c_str(), course.precision.c_str(), threads, rows, entrant.engine.c_str(),
        entrant.mode.c_str(), sorted[0], sorted[sorted.size() / 2]);
    std::fflush(stdout);
}

void race(const Course& course, std::vector<Entrant>& entrants, Ceiling& ceiling, int threads,
          int rows, const Plan& plan) {
    std::vector<Entrant*> running;
    for (Entrant& entrant : entrants) {
        // Halves of one row are the row on one thread.
        if (rows == 1 && entrant.mode == "narrow") continue;
        if (take_turn(entrant, threads, rows, 0)) running.push_back(&entrant);
        entrant.seconds.clear();
    }
    double ceiling_seconds = 1e9;
    for (int turn = 0; turn < plan.turns; ++turn) {
        for (Entrant* entrant : running) {
            if (threads > 1) settle();
            (void)take_turn(*entrant, threads, rows, plan.seconds);
        }
        if (threads > 1) settle();
        const auto start = Clock::now();
        do {
            const double begin = now_seconds(threads);
            ceiling.run();
            ceiling_seconds = std::min(ceiling_seconds, now_seconds(threads) - begin);
        } while (since(start) < plan.seconds / 2);
    }
    for (const Entrant* entrant : running) report_entrant(course, *entrant, threads, rows);
    std::printf(
        "{\"kind\":\"ceiling\",\"model\":\"%s\",\"precision\":\"%s\",\"threads\":%d,"
        "\"rows\":%d,\"gflops\":%.2f}\n",
        course.model.c_str(), course.precision.c_str(), threads, rows,
        ceiling.operations() / ceiling_seconds / 1e9);
}

void run_course(const Course& course, OnnxRuntime* runtime, const Plan& plan) {
    std::printf("{\"kind\":\"model\",\"model\":\"%s\",\"precision\":\"%s\",\"gflop\":%.5f}\n",
                course.model.c_str(), course.precision.c_str(), operations_of(*course.graph) / 1e9);
    const auto numbers =
        course.precision == "int8" ? CeilingNumbers::kInt8 : CeilingNumbers::kFloat;
    const int processors = static_cast<int>(std::thread::hardware_concurrency());
    for (int threads = 1; threads <= std::min(2, processors); ++threads) {
        std::vector<Entrant> entrants = make_entrants(course, runtime, threads);
        if (threads == 1) compare_outputs(course, entrants);
        Ceiling ceiling(numbers, threads);
        ceiling.run();
        for (const int rows : plan.rows) race(course, entrants, ceiling, threads, rows, plan);
    }
}

void run_file(const std::string& model, const std::string& precision, const std::string& file,
              OnnxRuntime* runtime, const Plan& plan) {
    const bool whole = precision == "int8";
    const auto graph = load_graph(file);
    if (!graph.ok()) return report_absence(model + " " + precision, graph.error());
    const auto onnx =
        export_onnx(**graph, whole ? ExportNumbers::kQuantised : ExportNumbers::kFloat, 0);
    if (!onnx.ok()) {
        report_absence(model + " " + precision + " as ONNX", onnx.error());
        runtime = nullptr;
    }
    run_course({model, precision, *graph, whole ? Precision::kInt8 : Precision::kF32,
                onnx.ok() ? *onnx : std::string()},
               runtime, plan);
}

// Arguments: [--quick] [--precision P] [--model M] [--onnxruntime LIBRARY]
struct Arguments {
    bool quick = false;
    std::string precision, model, library;
};

Arguments parse(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i], next = i + 1 < count ? words[i + 1] : "";
        if (word == "--quick") arguments.quick = true;
        if (word == "--precision") arguments.precision = next;
        if (word == "--model") arguments.model = next;
        if (word == "--onnxruntime") arguments.library = next;
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
            report_absence("ONNX Runtime", loaded.error());
        }
    }
    const Plan& plan = arguments.quick ? kQuick : kFull;
    for (const BenchModel& model : bench_models()) {
        if (!arguments.model.empty() && arguments.model != model.name) continue;
        if (arguments.precision != "int8")
            run_file(model.name, "fp32", model.float_file, runtime.get(), plan);
        if (arguments.precision != "fp32" && !model.quantised_file.empty())
            run_file(model.name, "int8", model.quantised_file, runtime.get(), plan);
    }
    return 0;
}

}  // namespace
}  // namespace facet::bench

int main(int count, char** words) {
    return facet::bench::run(facet::bench::parse(count, words));
}
