// SPDX-License-Identifier: MIT
// LineOutput over file descriptors, and the list of those that are open.
#include "elements/publish/line_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

namespace facet {
namespace {

constexpr const char* kStandardOutput = "-";
constexpr size_t kBlockBytes = 64 * 1024;

struct OpenOutputs {
    Mutex mutex;  // guards `by_place`; taken before no other
    std::map<std::string, std::weak_ptr<LineOutput>> by_place FACET_GUARDED_BY(mutex);
};

OpenOutputs& open_outputs() {
    static OpenOutputs outputs;
    return outputs;
}

// The same for every way to spell the same file.
std::string place_of(const std::string& location) {
    if (location == kStandardOutput) return location;
    std::error_code error;
    const std::filesystem::path canonical = std::filesystem::weakly_canonical(location, error);
    return error ? location : canonical.string();
}

Error io_error(const std::string& name, const char* what, int number) {
    return {ErrorCode::kIo, name + ": " + what + ": " + std::strerror(number)};
}

bool is_regular(int descriptor) {
    struct stat status;
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Result<std::shared_ptr<LineOutput>> LineOutput::open(const std::string& location) {
    OpenOutputs& outputs = open_outputs();
    const std::string place = place_of(location);
    MutexLock lock(outputs.mutex);
    std::weak_ptr<LineOutput>& entry = outputs.by_place[place];
    if (std::shared_ptr<LineOutput> present = entry.lock()) return present;
    int descriptor = STDOUT_FILENO;
    std::string name = "standard output";
    if (location != kStandardOutput) {
        name = "'" + location + "'";
        descriptor = ::open(location.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (descriptor < 0) return io_error(name, "cannot be opened for writing", errno);
    }
    std::shared_ptr<LineOutput> output(new LineOutput(name, descriptor, is_regular(descriptor)));
    entry = output;
    return output;
}

LineOutput::LineOutput(std::string name, int descriptor, bool buffered)
    : name_(std::move(name)), descriptor_(descriptor), buffered_(buffered) {}

LineOutput::~LineOutput() {
    if (descriptor_ != STDOUT_FILENO) ::close(descriptor_);
}

Result<void> LineOutput::write_line(const std::string& line) {
    MutexLock lock(mutex_);
    pending_ += line;
    pending_ += '\n';
    if (buffered_ && pending_.size() < kBlockBytes) return state_;
    return flush_locked();
}

Result<void> LineOutput::flush() {
    MutexLock lock(mutex_);
    return flush_locked();
}

Result<void> LineOutput::flush_locked() {
    size_t written = 0;
    while (state_.ok() && written < pending_.size()) {
        const ssize_t count =
            ::write(descriptor_, pending_.data() + written, pending_.size() - written);
        if (count >= 0)
            written += static_cast<size_t>(count);
        else if (errno != EINTR)
            state_ = io_error(name_, "cannot be written", errno);
    }
    pending_.clear();
    return state_;
}

}  // namespace facet
