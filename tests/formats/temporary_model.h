// SPDX-License-Identifier: MIT
// Model files that live as long as a test.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace facet::testing {

// A directory of its own below the system's temporary one, removed with the object.
class TemporaryModel {
  public:
    TemporaryModel();
    ~TemporaryModel();
    TemporaryModel(const TemporaryModel&) = delete;
    TemporaryModel& operator=(const TemporaryModel&) = delete;

    // Writes or replaces a file and returns its path.
    std::filesystem::path write(std::string_view name, std::string_view content) const;
    [[nodiscard]] std::filesystem::path path(std::string_view name) const;

  private:
    std::filesystem::path directory_;
};

[[nodiscard]] std::string content_of(const std::filesystem::path& path);

}  // namespace facet::testing
