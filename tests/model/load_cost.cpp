// SPDX-License-Identifier: MIT
// Prints what loading a model costs in each way to batch it, against loading it for one row: time
// (the least of several, taken by turns) and memory that a loaded model with a request holds. With
// image sizes: for the first, the first two, and so on, of Model and of the sessions of an element
// (model-info below $FACET_MODEL_INFO_PATH), against the first alone. Each load is the first one of
// a process of its own.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/model.h"
#include "engine/session.h"

namespace facet {
namespace {

constexpr int kRounds = 7;

struct Way {
    std::string name;
    ModelOptions options;
    std::vector<ImageSize> sessions;  // instead of a Model: one for each, as facetdetect opens them
    double best_ms = 1e9;
    double ready_ms = 1e9;  // with a first request
    double mebibytes = 0;
};

double milliseconds_now() {
    return std::chrono::duration<double, std::milli>(steady_clock().now()).count();
}

// Heap in use, mapped blocks included.
double heap_mebibytes() {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd) / (1 << 20);
}

struct Cost {
    double milliseconds = 0, ready_milliseconds = 0, mebibytes = 0;
};

[[noreturn]] void fail(const Way& way, const Error& error) {
    std::fprintf(stderr, "%s: %s\n", way.name.c_str(), error.text().c_str());
    _exit(1);
}

Cost load_sessions(const char* path, const Way& way) {
    const double heap = heap_mebibytes(), started = milliseconds_now();
    const ModelFilesHold read_once;
    std::vector<std::shared_ptr<Session>> sessions;
    for (const ImageSize size : way.sessions) {
        SessionSettings settings;
        settings.models = {{.path = path, .info = {}}};
        if (const char* directory = std::getenv("FACET_MODEL_INFO_PATH"))
            settings.info_directories.emplace_back(directory);
        settings.max_batch = 4;
        settings.image_size = size;
        auto session = Session::open(settings);
        if (!session.ok()) fail(way, session.error());
        sessions.push_back(*std::move(session));
    }
    const double took = milliseconds_now() - started;
    return {took, took, heap_mebibytes() - heap};
}

Cost load(const char* path, const Way& way) {
    if (!way.sessions.empty()) return load_sessions(path, way);
    const double heap = heap_mebibytes(), started = milliseconds_now();
    const auto model = Model::load(path, way.options);
    if (!model.ok()) fail(way, model.error());
    const double took = milliseconds_now() - started;
    const auto request = (*model)->create_request();
    const double ready = milliseconds_now() - started;
    return {took, ready, request.ok() ? heap_mebibytes() - heap : 0};
}

bool measure(const char* path, Way& way) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    const pid_t child = fork();
    if (child == 0) {
        const Cost cost = load(path, way);
        _exit(write(ends[1], &cost, sizeof(cost)) == sizeof(cost) ? 0 : 1);
    }
    close(ends[1]);
    Cost cost;
    const bool told = read(ends[0], &cost, sizeof(cost)) == sizeof(cost);
    close(ends[0]);
    waitpid(child, nullptr, 0);
    way.best_ms = std::min(way.best_ms, cost.milliseconds);
    way.ready_ms = std::min(way.ready_ms, cost.ready_milliseconds);
    way.mebibytes = cost.mebibytes;
    return told;
}

// Of the first size, the first two, ...: models, then sessions.
std::vector<Way> ways_of(const std::vector<ImageSize>& sizes) {
    std::vector<Way> models, sessions;
    for (size_t count = 1; count <= sizes.size(); ++count) {
        const std::vector<ImageSize> first(sizes.begin(),
                                           sizes.begin() + static_cast<std::ptrdiff_t>(count));
        const std::string name = std::to_string(count) + " image sizes";
        models.push_back({name, {.image_size_profiles = first}, {}});
        sessions.push_back({"sessions of " + std::to_string(count), {}, first});
    }
    models.insert(models.end(), sessions.begin(), sessions.end());
    return models;
}

int run(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s MODEL [WIDTHxHEIGHT...]\n", argv[0]);
        return 2;
    }
    std::vector<Way> ways{{"one row", {}, {}},
                          {"BATCH:CPU(8)", {.device = "BATCH:CPU(8)"}, {}},
                          {"max_batch 16", {.max_batch = 16}, {}},
                          {"profiles 16", {.batch_profiles = {16}}, {}},
                          {"profiles 1,2,4,8,16", {.batch_profiles = {1, 2, 4, 8, 16}}, {}}};
    std::vector<ImageSize> sizes;
    for (int i = 2; i < argc; ++i) {
        ImageSize size;
        if (std::sscanf(argv[i], "%dx%d", &size.width, &size.height) != 2) return 2;
        sizes.push_back(size);
    }
    if (!sizes.empty()) ways = ways_of(sizes);
    for (int round = 0; round < kRounds; ++round)
        for (Way& way : ways)
            if (!measure(argv[1], way)) return 1;
    for (const Way& way : ways) {
        const Way& first = way.sessions.empty() ? ways.front() : ways[sizes.size()];
        std::printf(
            "%-22s %8.1f ms (%.2f of the first), with a request %8.1f ms (%.2f) %8.1f MiB (%.2f)\n",
            way.name.c_str(), way.best_ms, way.best_ms / first.best_ms, way.ready_ms,
            way.ready_ms / first.ready_ms, way.mebibytes, way.mebibytes / first.mebibytes);
    }
    return 0;
}

}  // namespace
}  // namespace facet

int main(int argc, char** argv) {
    return facet::run(argc, argv);
}
