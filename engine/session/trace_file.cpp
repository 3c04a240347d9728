// SPDX-License-Identifier: MIT
// A buffered file whose errors are told once.
#include "engine/session/trace_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/log.h"

namespace facet {

namespace {

std::string reason(const std::filesystem::path& path) {
    return "setting 'trace_path': " + path.string() + ": " + std::strerror(errno);
}

// Thread-compatible.
class TraceFile {
  public:
    TraceFile(std::filesystem::path path, std::FILE* file) : path_(std::move(path)), file_(file) {}
    ~TraceFile() {
        if (file_ != nullptr) close(true);
    }
    TraceFile(const TraceFile&) = delete;
    TraceFile& operator=(const TraceFile&) = delete;

    void write(std::string_view line) {
        if (file_ == nullptr) return;
        const bool written = std::fwrite(line.data(), 1, line.size(), file_) == line.size() &&
                             std::fputc('\n', file_) != EOF;
        if (!written) close(false);
    }

  private:
    // What is still buffered may fail only now.
    void close(bool good) {
        const std::string so_far = reason(path_);
        const bool closed = std::fclose(std::exchange(file_, nullptr)) == 0;
        if (good && closed) return;
        log(LogLevel::kWarning, (good ? reason(path_) : so_far) + "; the trace is cut off");
    }

    const std::filesystem::path path_;
    std::FILE* file_;  // null: closed
};

}  // namespace

Result<TraceWriter::Sink> open_trace_file(const std::filesystem::path& path) {
    std::FILE* opened = std::fopen(path.c_str(), "w");
    if (opened == nullptr) return Error{ErrorCode::kIo, reason(path)};
    const auto file = std::make_shared<TraceFile>(path, opened);
    return TraceWriter::Sink([file](std::string_view line) { file->write(line); });
}

}  // namespace facet
