// SPDX-License-Identifier: MIT
// The affinity mask of Linux, which threads inherit.
#include "engine/base/processors.h"

#include <algorithm>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace facet {

namespace {

#if defined(__linux__)
bool restrict_thread(const std::vector<int>& processors) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int processor : processors) CPU_SET(processor, &set);
    return pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
}
#else
bool restrict_thread(const std::vector<int>&) {
    return false;
}
#endif

}  // namespace

std::vector<int> allowed_processors() {
    std::vector<int> processors;
#if defined(__linux__)
    cpu_set_t set;
    if (pthread_getaffinity_np(pthread_self(), sizeof set, &set) != 0) return processors;
    for (int processor = 0; processor < CPU_SETSIZE; ++processor)
        if (CPU_ISSET(processor, &set)) processors.push_back(processor);
#endif
    return processors;
}

std::string processors_text(const std::vector<int>& processors) {
    std::string text;
    for (size_t first = 0; first < processors.size();) {
        size_t last = first;
        while (last + 1 < processors.size() && processors[last + 1] == processors[last] + 1) ++last;
        text += (text.empty() ? "" : ",") + std::to_string(processors[first]);
        if (last > first) text += "-" + std::to_string(processors[last]);
        first = last + 1;
    }
    return text;
}

Result<std::unique_ptr<ProcessorScope>> ProcessorScope::enter(const std::vector<int>& processors) {
    if (processors.empty()) return std::unique_ptr<ProcessorScope>();
    std::vector<int> before = allowed_processors();
    std::vector<int> missing;
    for (const int processor : processors)
        if (!std::ranges::binary_search(before, processor)) missing.push_back(processor);
    if (!missing.empty() && !before.empty())
        return Error{ErrorCode::kInvalidArgument, "no processor " + processors_text(missing) +
                                                      "; supported: " + processors_text(before)};
    if (before.empty() || !restrict_thread(processors))
        return Error{ErrorCode::kUnsupported,
                     "threads cannot be kept to some processors on this system"};
    return std::unique_ptr<ProcessorScope>(new ProcessorScope(std::move(before)));
}

ProcessorScope::~ProcessorScope() {
    restrict_thread(before_);
}

}  // namespace facet
