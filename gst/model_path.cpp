// SPDX-License-Identifier: MIT
// The search for models and for their descriptions.
#include "gst/model_path.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <system_error>

namespace facet {

namespace fs = std::filesystem;

namespace {

constexpr std::array kSuffixes = {".xml", ".onnx"};
// Most exact first.
constexpr std::array kPrecisions = {"FP32", "FP16", "FP16-INT8"};

std::vector<fs::path> colon_separated(const char* variable) {
    std::vector<fs::path> directories;
    const char* value = std::getenv(variable);
    std::istringstream list(value != nullptr ? value : "");
    for (std::string directory; std::getline(list, directory, ':');)
        if (!directory.empty()) directories.emplace_back(directory);
    return directories;
}

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::optional<fs::path> with_suffix(const fs::path& stem) {
    for (const char* suffix : kSuffixes)
        if (fs::path path = stem.string() + suffix; is_file(path)) return path;
    return std::nullopt;
}

std::optional<fs::path> find_in(const fs::path& directory, const std::string& name) {
    if (auto path = with_suffix(directory / name)) return path;
    std::vector<std::string> folders(kPrecisions.begin(), kPrecisions.end());
    std::vector<std::string> others;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory / name, ignored))
        others.push_back(entry.path().filename().string());
    std::sort(others.begin(), others.end());
    folders.insert(folders.end(), others.begin(), others.end());
    for (const std::string& folder : folders)
        if (auto path = with_suffix(directory / name / folder / name)) return path;
    return std::nullopt;
}

// One file has one path, however it was written, and its own name, by which its description is
// found: a link stays a link.
fs::path canonical_folder(const fs::path& file) {
    std::error_code error;
    const fs::path folder = fs::canonical(fs::absolute(file).parent_path(), error);
    return error ? file : folder / file.filename();
}

bool is_path(const std::string& name) {
    const std::string suffix = fs::path(name).extension().string();
    return name.find('/') != std::string::npos ||
           std::find(kSuffixes.begin(), kSuffixes.end(), suffix) != kSuffixes.end();
}

std::string trimmed(const std::string& text) {
    const size_t first = text.find_first_not_of(" \t\n");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

}  // namespace

Result<fs::path> find_model(const std::string& name) {
    if (is_path(name)) {
        if (is_file(name)) return canonical_folder(name);
        return Error{ErrorCode::kNotFound, "model file '" + name + "' does not exist"};
    }
    std::string places;
    for (const fs::path& directory : model_directories()) {
        if (auto path = find_in(directory, name)) return canonical_folder(*path);
        places += (places.empty() ? "'" : ", '") + directory.string() + "'";
    }
    return Error{ErrorCode::kNotFound, "model '" + name + "' is not installed; looked for " + name +
                                           ".xml, " + name + ".onnx and " + name + "/*/" + name +
                                           ".xml in " + places +
                                           "; fetch it with 'pipelines/models/get " + name +
                                           "', set FACET_MODELS or give the file"};
}

Result<std::vector<fs::path>> find_models(const std::string& names) {
    std::vector<fs::path> paths;
    std::istringstream list(names);
    for (std::string name; std::getline(list, name, ',');) {
        name = trimmed(name);
        if (name.empty())
            return Error{ErrorCode::kInvalidArgument,
                         "property 'models': empty name in '" + names + "'"};
        FACET_ASSIGN(paths.emplace_back(), find_model(name));
    }
    if (paths.empty())
        return Error{ErrorCode::kInvalidArgument,
                     "property 'models' is not set; give model files or installed names"};
    return paths;
}

std::vector<fs::path> model_directories() {
    std::vector<fs::path> directories = colon_separated("FACET_MODELS");
    if (const char* home = std::getenv("XDG_DATA_HOME"); home != nullptr && *home != '\0')
        directories.push_back(fs::path(home) / "facet" / "models");
    else if (const char* user = std::getenv("HOME"); user != nullptr)
        directories.push_back(fs::path(user) / ".local" / "share" / "facet" / "models");
    // Facet's own models lie beside their descriptions, in the source tree and installed.
    const std::vector<fs::path> described = model_info_directories();
    directories.insert(directories.end(), described.begin(), described.end());
    return directories;
}

std::vector<fs::path> model_info_directories() {
    std::vector<fs::path> directories = colon_separated("FACET_MODEL_INFO_PATH");
    directories.emplace_back(FACET_MODEL_INFO_DIRECTORY);
    return directories;
}

}  // namespace facet
