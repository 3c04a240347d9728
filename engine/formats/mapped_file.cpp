// SPDX-License-Identifier: MIT
// Mapping a file with mmap(2).
#include "engine/formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace facet {

namespace {

Error system_error(int number) {
    const ErrorCode code = number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
    return {code, std::generic_category().message(number)};
}

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
    // Non-blocking, so that a FIFO given by mistake is refused below instead of waited for.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number < 0) return system_error(errno);
    struct stat status {};
    if (::fstat(file.number, &status) != 0) return system_error(errno);
    if (!S_ISREG(status.st_mode)) return Error{ErrorCode::kIo, "is not a regular file"};

    std::span<const std::byte> bytes;
    if (const auto size = static_cast<size_t>(status.st_size); size > 0) {
        void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
        if (address == MAP_FAILED) return system_error(errno);
        bytes = {static_cast<const std::byte*>(address), size};
    }
    return std::shared_ptr<const MappedFile>(new MappedFile(bytes));
}

MappedFile::~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace facet
