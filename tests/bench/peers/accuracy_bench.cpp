// SPDX-License-Identifier: MIT
// Quantises the models whose files hold floats only, and says how far int8 and bf16 lie from floats
// on every photo and face of the test data. One JSON object per line for
// tests/bench/peers/report.py.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "engine/tools/model_comparison.h"
#include "engine/tools/quantization.h"
#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/onnx_export.h"
#include "tests/bench/peers/report_line.h"
#include "tests/support/data_path.h"

namespace facet::bench {
namespace {

namespace fs = std::filesystem;

// Every photo; those in the folder itself are crowds.
struct Photos {
    fs::path crowds;
    ImageRowSource source;  // of a detector's rows

    static Result<Photos> find(const fs::path& infos) {
        const auto images = testing::data_path("images");
        if (!images) return Error{ErrorCode::kNotFound, "FACET_DATA has no images"};
        return Photos{*images, {{*images, *images / "dlib_faces"}, {}, {infos}}};
    }
    // Faces are what UltraFace finds in floats.
    [[nodiscard]] ImageRowSource rows_for(const BenchModel& model) const {
        ImageRowSource rows = source;
        if (!model.detects)
            rows.detector = *testing::data_path("models/ultraface/version-RFB-320.onnx");
        return rows;
    }
};

// facet-quantize takes ONNX.
Result<fs::path> float_onnx(const fs::path& file, const fs::path& folder) {
    if (file.extension() == ".onnx") return file;
    FACET_ASSIGN(const auto graph, load_graph(file));
    FACET_ASSIGN(const std::string bytes, export_onnx(*graph, ExportNumbers::kFloat, 1));
    const fs::path copy = folder / "floats" / file.filename().replace_extension(".onnx");
    fs::create_directories(copy.parent_path());
    if (!(std::ofstream(copy, std::ios::binary) << bytes << std::flush))
        return Error{ErrorCode::kInvalidArgument, copy.string() + ": cannot be written"};
    return copy;
}

// Ranges from the crowds, so that the other photos' faces are new to it.
Result<void> quantise(const BenchModel& model, const Photos& photos, const fs::path& folder) {
    const ImageRowSource rows = photos.rows_for(model);
    FACET_ASSIGN(const fs::path file, float_onnx(*testing::data_path(model.float_file), folder));
    QuantizeOptions options;
    options.model = file;
    options.output = model.quantised_file;
    options.crops = {photos.crowds};
    options.most_floats = model.floats;
    options.detector = rows.detector;
    options.info_directories = rows.info_directories;
    FACET_TRY(quantize(options));
    return {};
}

struct Pair {
    const BenchModel* model;
    std::string numbers;
    fs::path floats, others;
    Precision precision;  // of `others`
};

// A detection list has no fixed order, so its numbers say nothing; its meaning does.
double largest_difference(const ModelComparison& comparison, const ModelInfo& info) {
    double most = 0;
    for (const OutputDifference& output : comparison.outputs)
        most = std::max(most, output.largest_error / std::max(output.largest, 1e-9));
    return info.outputs[0].converter == "detection-output" ? -1 : most;
}

Result<void> compare(const Pair& pair, const Photos& photos) {
    const ImageRowSource source = photos.rows_for(*pair.model);
    FACET_ASSIGN(const ModelInfo info, find_model_info(pair.floats, {}, source.info_directories));
    FACET_ASSIGN(CropRunner first, CropRunner::open(pair.floats, info, Precision::kF32));
    FACET_ASSIGN(CropRunner second, CropRunner::open(pair.others, info, pair.precision));
    FACET_ASSIGN(const auto rows, read_image_rows(source, first.crop()));
    FACET_ASSIGN(const ModelComparison comparison, compare_models(first, second, info, rows));
    const auto print = [&](const AgreementFigure& figure) {
        std::printf(
            "{\"kind\":\"accuracy\",\"model\":\"%s\",\"precision\":\"%s\",\"rows\":%zu,"
            "\"output\":\"%s\",\"what\":\"%s\",\"value\":%.6g,\"unit\":\"%s\"}\n",
            pair.model->name.c_str(), pair.numbers.c_str(), rows.size(), figure.output.c_str(),
            figure.what.c_str(), figure.value, figure.unit.c_str());
    };
    for (const AgreementFigure& figure : comparison.agreement) print(figure);
    const double most = largest_difference(comparison, info);
    if (most >= 0) print({"all", "largest difference", 100 * most, "% of the largest"});
    return {};
}

Result<void> run_model(const BenchModel& model, const Photos& photos, const fs::path& folder) {
    const auto floats = testing::data_path(model.float_file);
    if (!floats) return Error{ErrorCode::kNotFound, "FACET_DATA has no " + model.float_file};
    std::vector<Pair> pairs{{&model, "bf16", *floats, *floats, Precision::kBf16}};
    if (model.made_here) {
        FACET_TRY(quantise(model, photos, folder));
        pairs.push_back({&model, "int8", *floats, model.quantised_file, Precision::kInt8});
    } else if (const auto quantised = testing::data_path(model.quantised_file)) {
        // The same file in floats: what its makers lost is not the engine's.
        pairs.push_back({&model, "int8", *quantised, *quantised, Precision::kInt8});
    }
    for (const Pair& pair : pairs)
        if (const Result<void> compared = compare(pair, photos); !compared.ok())
            print_absence(model.name + " " + pair.numbers + ", accuracy", compared.error());
    return {};
}

int run(const fs::path& folder, const fs::path& infos) {
    const auto photos = Photos::find(infos);
    if (!photos.ok()) return print_absence("accuracy", photos.error()), 0;
    fs::create_directories(folder);
    for (const BenchModel& model : bench_models(folder))
        if (const Result<void> ran = run_model(model, *photos, folder); !ran.ok())
            print_absence(model.name + ", accuracy", ran.error());
    return 0;
}

}  // namespace
}  // namespace facet::bench

// Arguments: FOLDER for the quantised models, FOLDER of model-info files
int main(int count, char** words) {
    if (count != 3) return std::fprintf(stderr, "usage: bench-accuracy FOLDER INFOS\n"), 2;
    return facet::bench::run(words[1], words[2]);
}
