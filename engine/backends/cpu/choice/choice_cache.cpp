// SPDX-License-Identifier: MIT
// Where the file is, reading it line by line, and replacing it in one step.
#include "engine/backends/cpu/choice/choice_cache.h"

#include <unistd.h>

#include <cctype>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "engine/backends/cpu/onednn/onednn_api.h"

namespace facet::cpu {

namespace {

constexpr size_t kMostLines = 10'000;
constexpr size_t kLongestLine = 400;

std::filesystem::path directory() {
    for (const auto& [variable, below] : {std::pair{"FACET_CACHE_DIR", "cpu"},
                                          {"XDG_CACHE_HOME", "facet/cpu"},
                                          {"HOME", ".cache/facet/cpu"}}) {
        const char* root = std::getenv(variable);
        if (root != nullptr && *root != '\0') return std::filesystem::path(root) / below;
    }
    return {};
}

// "AMD EPYC 9R14", or nothing where the system does not say.
std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    std::string line;
    while (std::getline(file, line))
        if (line.starts_with("model name")) return line.substr(line.find(':') + 1);
    return {};
}

std::string file_name() {
    std::string name = onednn::version_text() + processor();
    for (char& letter : name)
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0 && letter != '.') letter = '-';
    return name + ".choices";
}

}  // namespace

std::shared_ptr<ChoiceCache> ChoiceCache::shared() {
    static const auto cache = [] {
        const std::filesystem::path place = directory();
        return std::make_shared<ChoiceCache>(place.empty() ? place : place / file_name());
    }();
    return cache;
}

ChoiceCache::ChoiceCache(std::filesystem::path file) : file_(std::move(file)) {
    if (file_.empty()) return;
    std::ifstream stream(file_);
    std::string line;
    while (choices_.size() < kMostLines && std::getline(stream, line)) {
        int choice = 0;
        const char* end = line.data() + line.size();
        const auto [rest, failed] = std::from_chars(line.data(), end, choice);
        if (failed != std::errc() || rest == end || *rest != ' ' || line.size() > kLongestLine)
            continue;
        choices_.insert_or_assign(std::string(rest + 1, end), choice);
    }
}

std::optional<int> ChoiceCache::find(const std::string& key) const {
    const MutexLock lock(mutex_);
    const auto found = choices_.find(key);
    if (found == choices_.end()) return {};
    return found->second;
}

void ChoiceCache::store(const std::string& key, int choice) {
    const MutexLock lock(mutex_);
    choices_.insert_or_assign(key, choice);
    changed_ = true;
}

void ChoiceCache::save() {
    const MutexLock lock(mutex_);
    if (!changed_ || file_.empty()) return;
    changed_ = false;
    std::error_code failed;
    std::filesystem::create_directories(file_.parent_path(), failed);
    const std::filesystem::path fresh = file_.string() + '.' + std::to_string(getpid());
    {
        std::ofstream stream(fresh);
        for (const auto& [key, choice] : choices_) stream << choice << ' ' << key << '\n';
        if (!stream.flush()) failed = std::make_error_code(std::errc::io_error);
    }
    if (!failed) std::filesystem::rename(fresh, file_, failed);
    if (failed) std::filesystem::remove(fresh, failed);
}

}  // namespace facet::cpu
