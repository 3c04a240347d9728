// SPDX-License-Identifier: MIT
// An entry's file: a header of fixed size, the key in full, the program as the driver gave it.
#include "engine/backends/gpu/program_cache.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>
#include <system_error>
#include <vector>

#include "engine/base/log.h"

namespace facet::gpu {

namespace {

constexpr char kMagic[8] = {'f', 'a', 'c', 'e', 't', 'C', 'L', '1'};

struct Header {
    char magic[sizeof kMagic];
    uint64_t key_bytes, program_bytes;
    uint64_t checksum;  // of key and program
};

// FNV-1a, 64 bits (Fowler, Noll, Vo).
uint64_t hash(std::span<const std::byte> bytes, uint64_t value = 0xcbf29ce484222325u) {
    for (const std::byte byte : bytes)
        value = (value ^ static_cast<uint64_t>(byte)) * 0x100000001b3u;
    return value;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string key_of(const opencl::DeviceInfo& device, std::string_view source,
                   const std::string& options) {
    std::string key;
    for (const std::string_view part :
         {std::string_view(device.platform_name), std::string_view(device.name),
          std::string_view(device.vendor), std::string_view(device.version),
          std::string_view(device.driver), std::string_view(options), source})
        key.append(part).push_back('\0');
    return key;
}

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return {};
    std::vector<std::byte> content(static_cast<size_t>(std::max<std::streamoff>(file.tellg(), 0)));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(content.data()),
              static_cast<std::streamsize>(content.size()));
    if (!file) return {};
    return content;
}

// The program within an entry's file, or nothing where the file is not that entry, whole.
std::optional<std::span<const std::byte>> program_within(std::span<const std::byte> content,
                                                         std::string_view key) {
    Header header;
    if (content.size() < sizeof header) return {};
    std::memcpy(&header, content.data(), sizeof header);
    const auto body = content.subspan(sizeof header);
    if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0 || header.key_bytes != key.size() ||
        header.program_bytes != body.size() - std::min(body.size(), key.size()) ||
        header.program_bytes == 0 || header.checksum != hash(body))
        return {};
    if (std::memcmp(body.data(), key.data(), key.size()) != 0) return {};
    return body.subspan(key.size());
}

bool write_all(int file, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
    return true;
}

// Writes beside the entry, then moves it into place at once. What went wrong, or nothing.
std::error_code store(const std::filesystem::path& entry, std::string_view key,
                      std::span<const std::byte> program) {
    std::error_code error;
    std::filesystem::create_directories(entry.parent_path(), error);
    if (error) return error;
    std::string temporary = entry.string() + ".XXXXXX";
    const int file = ::mkstemp(temporary.data());
    if (file < 0) return {errno, std::generic_category()};
    Header header{{}, key.size(), program.size(), hash(program, hash(bytes_of(key)))};
    std::memcpy(header.magic, kMagic, sizeof kMagic);
    const bool written = write_all(file, std::as_bytes(std::span(&header, 1))) &&
                         write_all(file, bytes_of(key)) && write_all(file, program);
    if (!written) error = {errno, std::generic_category()};
    if (::close(file) != 0 && !error) error = {errno, std::generic_category()};
    if (!error) std::filesystem::rename(temporary, entry, error);
    if (error) ::unlink(temporary.c_str());
    return error;
}

}  // namespace

ProgramCache ProgramCache::of(const opencl::DeviceInfo& device) {
    const struct {
        const char* variable;
        const char* below;
    } places[] = {{"FACET_CACHE_DIR", "opencl"},
                  {"XDG_CACHE_HOME", "facet/opencl"},
                  {"HOME", ".cache/facet/opencl"}};
    for (const auto& [variable, below] : places) {
        const char* value = std::getenv(variable);
        if (value && *value) return ProgramCache(std::filesystem::path(value) / below);
        if (device.platform_name == "Portable Computing Language") break;
    }
    return ProgramCache({});
}

std::filesystem::path ProgramCache::entry(const opencl::DeviceInfo& device, std::string_view source,
                                          const std::string& options) const {
    char name[32];
    std::snprintf(name, sizeof name, "%016" PRIx64 ".clbin",
                  hash(bytes_of(key_of(device, source, options))));
    return directory_ / name;
}

Result<opencl::Program> ProgramCache::program(const opencl::ContextPtr& context,
                                              std::string_view source,
                                              const std::string& options) const {
    if (directory_.empty()) return opencl::Program::build(context, source, options);
    const std::string key = key_of(context->device(), source, options);
    const std::filesystem::path path = entry(context->device(), source, options);
    const std::vector<std::byte> content = read_file(path);
    if (const auto kept = program_within(content, key)) {
        auto loaded = opencl::Program::load(context, *kept, options);
        if (loaded) return loaded;
        log(LogLevel::kDebug, path.string() + " is built anew: " + loaded.error().message);
    } else if (!content.empty()) {
        log(LogLevel::kDebug, path.string() + " is damaged and built anew");
    }
    FACET_ASSIGN(opencl::Program built, opencl::Program::build(context, source, options));
    // A driver that gives no program away leaves nothing to keep.
    if (const auto binary = built.binary(); binary && !binary->empty())
        if (const std::error_code error = store(path, key, *binary))
            log(LogLevel::kDebug, path.string() + " cannot be kept: " + error.message());
    return built;
}

}  // namespace facet::gpu
