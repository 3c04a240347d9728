// SPDX-License-Identifier: MIT
// The process's list of model files that are held or in use.
#include "engine/session/model_files.h"

#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "engine/base/mutex.h"
#include "engine/formats/model_reader.h"
#include "engine/session.h"

namespace facet {

namespace {

struct ModelFiles {
    Mutex mutex;  // guards all below; no other lock is taken while it is held
    int holds FACET_GUARDED_BY(mutex) = 0;
    std::map<std::string, std::shared_ptr<const Graph>> read FACET_GUARDED_BY(mutex);
    std::map<std::string, std::weak_ptr<const Graph>> compiled FACET_GUARDED_BY(mutex);
};

ModelFiles& model_files() {
    static ModelFiles files;
    return files;
}

std::string name_of(const std::filesystem::path& path) {
    std::error_code failed;
    const auto canonical = std::filesystem::canonical(path, failed);
    return failed ? path.string() : canonical.string();
}

// Of the file as it is now and what of its input is left open.
std::string reading_key(const std::filesystem::path& path, std::optional<Extent2> open_size,
                        bool any_size) {
    std::error_code failed;
    const auto written = std::filesystem::last_write_time(path, failed);
    std::string key = name_of(path) + '\n' + std::to_string(written.time_since_epoch().count());
    if (any_size) return key + "\nany size";
    if (!open_size) return key;
    return key + '\n' + std::to_string((*open_size)[0]) + 'x' + std::to_string((*open_size)[1]);
}

}  // namespace

Result<std::shared_ptr<const Graph>> read_model_once(const std::filesystem::path& path,
                                                     std::optional<Extent2> open_size,
                                                     bool any_size) {
    ModelFiles& files = model_files();
    const std::string key = reading_key(path, open_size, any_size);
    {
        MutexLock lock(files.mutex);
        const auto found = files.read.find(key);
        if (found != files.read.end()) return found->second;
    }
    FACET_ASSIGN(Graph graph, read_model(path, open_size));
    auto read = std::make_shared<const Graph>(std::move(graph));
    MutexLock lock(files.mutex);
    if (files.holds > 0) files.read.insert_or_assign(key, read);
    return read;
}

std::shared_ptr<const Graph> constants_of_file(const std::filesystem::path& path) {
    ModelFiles& files = model_files();
    MutexLock lock(files.mutex);
    const auto found = files.compiled.find(name_of(path));
    return found == files.compiled.end() ? nullptr : found->second.lock();
}

// The first one stays, since those that come later have their constants from it.
void offer_constants(const std::filesystem::path& path, const std::shared_ptr<const Graph>& graph) {
    ModelFiles& files = model_files();
    MutexLock lock(files.mutex);
    std::weak_ptr<const Graph>& offered = files.compiled[name_of(path)];
    if (offered.expired()) offered = graph;
}

ModelFilesHold::ModelFilesHold() {
    ModelFiles& files = model_files();
    MutexLock lock(files.mutex);
    ++files.holds;
}

ModelFilesHold::~ModelFilesHold() {
    ModelFiles& files = model_files();
    std::map<std::string, std::shared_ptr<const Graph>> done;  // freed without the lock
    MutexLock lock(files.mutex);
    if (--files.holds == 0) std::swap(done, files.read);
    lock.unlock();
}

}  // namespace facet
