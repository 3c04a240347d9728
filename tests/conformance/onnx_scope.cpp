// SPDX-License-Identifier: MIT
// The list of operators that stay out, each with its reason, and of refusals within those that are
// in.
#include "tests/conformance/onnx_scope.h"

#include <algorithm>
#include <string_view>

namespace facet::testing {

namespace {

constexpr const char* kLoss = "a loss: training";
constexpr const char* kTraining = "training; Facet infers";
constexpr const char* kText = "text";
constexpr const char* kSequence =
    "lists of tensors and optional ones, which no picture network has";
constexpr const char* kControl = "control flow: the graph would differ from run to run";
constexpr const char* kRandom = "random numbers: no two runs agree";
constexpr const char* kSound = "spectra of sound";
constexpr const char* kRecurrent = "recurrent networks, of sound and text";
constexpr const char* kUnknownShape = "the shape of the result depends on the numbers";
constexpr const char* kIndexing = "indexing and masks, of text networks";
constexpr const char* kWarp = "warping and unpooling, of networks that draw or segment";
constexpr const char* kArithmetic = "arithmetic that no picture network does";

struct Outside {
    std::string_view what;
    const char* reason;
};

constexpr Outside kOperators[] = {
    {"SoftmaxCrossEntropyLoss", kLoss},
    {"NegativeLogLikelihoodLoss", kLoss},
    {"StringNormalizer", kText},
    {"TfIdfVectorizer", kText},
    {"SequenceAt", kSequence},
    {"SequenceConstruct", kSequence},
    {"SequenceEmpty", kSequence},
    {"SequenceErase", kSequence},
    {"SequenceInsert", kSequence},
    {"SequenceLength", kSequence},
    {"SequenceMap", kSequence},
    {"SplitToSequence", kSequence},
    {"ConcatFromSequence", kSequence},
    {"OptionalGetElement", kSequence},
    {"OptionalHasElement", kSequence},
    {"If", kControl},
    {"Loop", kControl},
    {"Scan", kControl},
    {"Bernoulli", kRandom},
    {"RandomUniformLike", kRandom},
    {"BlackmanWindow", kSound},
    {"DFT", kSound},
    {"HammingWindow", kSound},
    {"HannWindow", kSound},
    {"MelWeightMatrix", kSound},
    {"STFT", kSound},
    {"GRU", kRecurrent},
    {"LSTM", kRecurrent},
    {"RNN", kRecurrent},
    {"ReverseSequence", kRecurrent},
    {"Compress", kUnknownShape},
    {"NonZero", kUnknownShape},
    {"Range", kUnknownShape},
    {"Unique", kUnknownShape},
    {"CumSum", kIndexing},
    {"Einsum", kIndexing},
    {"EyeLike", kIndexing},
    {"Hardmax", kIndexing},
    {"OneHot", kIndexing},
    {"Scatter", kIndexing},
    {"ScatterElements", kIndexing},
    {"ScatterND", kIndexing},
    {"Trilu", kIndexing},
    {"GridSample", kWarp},
    {"MaxUnpool", kWarp},
    {"RoiAlign", "crops of a second stage, which here are crops of the frame: facetclassify"},
    {"BitShift", kArithmetic},
    {"CastLike", "a cast whose target is another operand's type, which exporters write as Cast"},
    {"Det", kArithmetic},
    {"IsInf", kArithmetic},
    {"IsNaN", kArithmetic},
    {"Mod", kArithmetic},
};

constexpr const char* kNumbers = "a type of numbers that neither pixels nor weights come in";

constexpr Outside kRefusals[] = {
    {"ai.onnx.preview.training", kTraining},
    {"training_mode", kTraining},
    {"is no tensor", kSequence},
    {"element type STRING", kText},
    {"element type BFLOAT16", kNumbers},
    {"element type INT16", kNumbers},
    {"element type UINT16", kNumbers},
    {"element type UINT32", kNumbers},
    {"element type UINT64", kNumbers},
    {"supported: 1 to 17", "an operator set newer than the reader's, in newer test data"},
    {"operator sets of the domain 'ai.onnx.ml' alone",
     "trees and encoders of classical machine learning"},
};

}  // namespace

std::string reason_out_of_scope(const std::vector<std::string>& operators,
                                const std::string& refusal) {
    for (const Outside& outside : kOperators)
        if (std::ranges::find(operators, outside.what) != operators.end())
            return std::string(outside.what) + ": " + outside.reason;
    for (const Outside& outside : kRefusals)
        if (refusal.find(outside.what) != std::string::npos) return outside.reason;
    return {};
}

}  // namespace facet::testing
