// SPDX-License-Identifier: MIT
// Seeded random operations on random, often hostile shapes: rules answer or refuse, never crash.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "engine/graph/shape_inference.h"

namespace facet {
namespace {

class Fuzzer {
  public:
    explicit Fuzzer(uint32_t seed) : random_(seed) {}

    int64_t number() {
        static constexpr int64_t kHostile[] = {std::numeric_limits<int64_t>::min(),
                                               std::numeric_limits<int64_t>::max(),
                                               kMaxElements,
                                               kMaxElements + 1,
                                               int64_t{1} << 32,
                                               -1,
                                               0};
        return below(8) == 0 ? kHostile[below(std::size(kHostile))] : below(9) - 1;
    }
    int64_t below(int64_t count) {
        return std::uniform_int_distribution<int64_t>(0, count - 1)(random_);
    }
    std::vector<int64_t> numbers(int64_t most) {
        std::vector<int64_t> values(below(most + 1));
        for (int64_t& value : values) value = number();
        return values;
    }
    Extent2 pair() { return {number(), number()}; }
    Shape shape() { return Shape(numbers(5)); }

    OpParams params() {
        switch (below(18)) {
            case 0:
                return ConvolutionParams{pair(), pair(), pair(), pair(), pad_mode(), number()};
            case 1:
                return PoolingParams{PoolingParams::Kind::kMax,
                                     pair(),
                                     pair(),
                                     pair(),
                                     pair(),
                                     pair(),
                                     pad_mode(),
                                     below(2) == 0,
                                     false};
            case 2:
                return MatMulParams{below(2) == 0, below(2) == 0};
            case 3:
                return ReduceParams{ReduceParams::Kind::kSum, numbers(3), below(2) == 0,
                                    below(4) == 0};
            case 4:
                return SoftmaxParams{number(), false};
            case 5:
                return ConcatParams{number()};
            case 6:
                return SplitParams{number()};
            case 7:
                return TransposeParams{numbers(5)};
            case 8:
                return ReshapeParams{below(2) == 0};
            case 9:
                return SqueezeParams{};
            case 10:
                return UnsqueezeParams{};
            case 11:
                return FlattenParams{number()};
            case 12:
                return SliceParams{};
            case 13:
                return StridedSliceParams{numbers(3), numbers(3), numbers(3)};
            case 14:
                return GatherParams{number()};
            case 15:
                return PadParams{static_cast<PadParams::Mode>(below(3))};
            case 16:
                return detection();
            default:
                return EltwiseParams{};
        }
    }

    // Inputs that point at `constants`.
    std::vector<InputInfo> inputs(std::vector<Tensor>& constants) {
        constants.resize(below(5));
        std::vector<InputInfo> infos;
        for (Tensor& constant : constants) {
            InputInfo info{below(16) != 0, {DataType::kF32, shape()}, nullptr};
            if (below(2) == 0) {
                const std::vector<int64_t> values = numbers(5);
                constant = Tensor::of<int64_t>(Shape{static_cast<int64_t>(values.size())}, values);
                info.typed = {constant.type(), constant.shape()};
                info.constant = &constant;
            }
            infos.push_back(info);
        }
        return infos;
    }

  private:
    AutoPad pad_mode() { return static_cast<AutoPad>(below(4)); }
    DetectionOutputParams detection() {
        DetectionOutputParams params;
        params.num_classes = number();
        params.keep_top_k = number();
        params.share_location = below(2) == 0;
        params.normalized = below(2) == 0;
        return params;
    }

    std::mt19937 random_;
};

TEST(ShapeFuzz, RandomOperationsGiveBoundedShapesOrErrors) {
    Fuzzer fuzzer(20240501);
    int accepted = 0;
    for (int i = 0; i < 200000; ++i) {
        std::vector<Tensor> constants;
        const std::vector<InputInfo> inputs = fuzzer.inputs(constants);
        const OpParams params = fuzzer.params();
        const auto outputs = infer_output_shapes(params, inputs, 1 + i % 3 / 2);
        if (!outputs) {
            ASSERT_FALSE(outputs.error().message.empty());
            continue;
        }
        ++accepted;
        for (const TypedShape& output : *outputs) {
            for (int64_t extent : output.shape.extents()) ASSERT_GE(extent, 0);
            ASSERT_LE(output.shape.elements(), kMaxElements) << name_of(params);
        }
    }
    EXPECT_GT(accepted, 1000);  // else the inputs are too wild to test anything
}

}  // namespace
}  // namespace facet
