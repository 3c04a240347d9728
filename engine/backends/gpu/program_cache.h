// SPDX-License-Identifier: MIT
// ProgramCache: compiled OpenCL programs on disk, so that a device compiles each one once.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/backends/gpu/opencl_api.h"

namespace facet::gpu {

// Of every program that Facet builds.
inline constexpr const char* kBuildOptions = "-cl-std=CL1.2";

// One file per program. Invariants: an entry is used only where device, driver, options and source
// are equal to the byte and its checksum holds; whatever else is found is built anew and replaced;
// a file appears under its name only when it is whole, so any number of threads and processes may
// share a directory. Nothing is ever removed: deleting files, or all of the directory, is safe at
// any time. Thread-safe.
class ProgramCache {
  public:
    // Made when first written to. Empty: nothing is kept.
    explicit ProgramCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

    // The cache in FACET_CACHE_DIR/opencl, else XDG_CACHE_HOME/facet/opencl, else
    // HOME/.cache/facet/opencl; one that keeps nothing where none of them is set. For PoCL in the
    // first place only: it keeps a cache of its own, and to give a program away it compiles every
    // kernel of it once more.
    [[nodiscard]] static ProgramCache of(const opencl::DeviceInfo& device);

    // From disk, else built and kept. Errors are those of building; a directory that cannot be
    // written to is a remark at DEBUG.
    [[nodiscard]] Result<opencl::Program> program(const opencl::ContextPtr& context,
                                                  std::string_view source,
                                                  const std::string& options) const;

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    // Where the entry of such a program is, whether or not it is there.
    [[nodiscard]] std::filesystem::path entry(const opencl::DeviceInfo& device,
                                              std::string_view source,
                                              const std::string& options) const;

  private:
    std::filesystem::path directory_;
};

}  // namespace facet::gpu
