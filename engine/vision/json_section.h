// SPDX-License-Identifier: MIT
// Strict reading of one JSON object: every value is checked, every key has to be known. Private to
// vision, and to the .cpp files that may see nlohmann_json.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace facet {

struct NumberRange {
    double least, most;
};

// Each read_...() leaves its target alone when the key is missing, and fails, naming file and key
// path, when the value is of another type or outside its range. Thread-bound; borrows the JSON.
class JsonSection {
  public:
    // `place`: how errors begin, "age.json"; `path`: of the object inside the file, "" or "input.".
    JsonSection(const nlohmann::json& object, std::string place, std::string path)
        : object_(object), place_(std::move(place)), path_(std::move(path)) {}

    [[nodiscard]] bool has(const char* key) const { return object_.contains(key); }
    [[nodiscard]] const nlohmann::json& at(const char* key) const { return object_.at(key); }
    [[nodiscard]] const std::string& place() const { return place_; }
    [[nodiscard]] std::string path_of(const std::string& key) const { return path_ + key; }

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

  private:
    const nlohmann::json& object_;
    std::string place_, path_;
};

}  // namespace facet
