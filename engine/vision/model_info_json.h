// SPDX-License-Identifier: MIT
// Strict reading of JSON objects: every value is checked, every key has to be known. Private to
// vision.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet {

struct NumberRange {
    double least, most;
};

// One object of a JSON file, which stays parsed as long as any section of it lives. Each read_...()
// leaves its target alone when the key is missing, and fails, naming file and key path, when the
// value is of another type or outside its range. Reentrant.
class JsonSection {
  public:
    // The file's root, which has to be an object. Comments are allowed.
    [[nodiscard]] static Result<JsonSection> read_file(const std::filesystem::path& path);

    [[nodiscard]] bool has(const char* key) const;
    [[nodiscard]] bool is_list(const char* key) const;
    // "age.json: key 'input.mean[1]' <what>"
    [[nodiscard]] Error error(const std::string& key, const std::string& what) const;

    // Fails on the first key that is not in `known`.
    [[nodiscard]] Result<void> allow_only(const std::vector<std::string>& known) const;
    [[nodiscard]] Result<void> require(const char* key) const;

    [[nodiscard]] Result<void> read_string(const char* key, std::string& target) const;
    [[nodiscard]] Result<void> read_bool(const char* key, bool& target) const;
    [[nodiscard]] Result<void> read_number(const char* key, NumberRange range, float& target) const;
    [[nodiscard]] Result<void> read_integer(const char* key, NumberRange range, int& target) const;
    [[nodiscard]] Result<void> read_strings(const char* key,
                                            std::vector<std::string>& target) const;
    [[nodiscard]] Result<void> read_numbers(const char* key, NumberRange range,
                                            std::vector<float>& target) const;
    [[nodiscard]] Result<void> read_integers(const char* key, NumberRange range,
                                             std::vector<int>& target) const;
    [[nodiscard]] Result<void> read_number_lists(const char* key, NumberRange range,
                                                 std::vector<std::vector<float>>& target) const;

    // The object of this key, which has to be there.
    [[nodiscard]] Result<JsonSection> read_object(const char* key) const;
    // The objects of the list of this key, which has to be there and not empty.
    [[nodiscard]] Result<std::vector<JsonSection>> read_objects(const char* key) const;

  private:
    struct Node;  // a value of the file and a share of the file
    JsonSection(std::shared_ptr<const Node> node, std::string place, std::string path)
        : node_(std::move(node)), place_(std::move(place)), path_(std::move(path)) {}

    std::shared_ptr<const Node> node_;
    std::string place_;  // the file
    std::string path_;   // of the object inside it: "", "input.", "outputs[0]."
};

}  // namespace facet
