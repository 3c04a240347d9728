// SPDX-License-Identifier: MIT
// OpenCV's dnn module as a contender.
#include <map>
#include <opencv2/dnn.hpp>
#include <utility>

#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/contender.h"
#include "tests/bench/peers/onnx_export.h"

namespace facet::bench {
namespace {

class OpenCv final : public Contender {
  public:
    OpenCv(std::shared_ptr<const Graph> graph, int threads, int most)
        : graph_(std::move(graph)), threads_(threads), input_(made_up_rows(*graph_, most)) {}

    Result<void> run(int rows) override {
        FACET_ASSIGN(cv::dnn::Net * net, net_for(rows));
        cv::setNumThreads(threads_);
        const Shape shape = graph_->value(graph_->inputs[0]).shape.scaled(rows);
        const std::vector<int> extents(shape.extents().begin(), shape.extents().end());
        const cv::Mat blob(extents, CV_32F, const_cast<void*>(input_.view().bytes));
        try {
            net->setInput(blob);
            net->forward(outputs_, net->getUnconnectedOutLayersNames());
        } catch (const cv::Exception& exception) {
            return Error{ErrorCode::kUnsupported, "OpenCV: " + exception.err};
        }
        return {};
    }
    std::vector<float> results() const override {
        std::vector<float> values;
        for (const cv::Mat& output : outputs_)
            values.insert(values.end(), output.ptr<float>(), output.ptr<float>() + output.total());
        return values;
    }

  private:
    Result<cv::dnn::Net*> net_for(int rows) {
        const auto found = nets_.find(rows);
        if (found != nets_.end()) return &found->second;
        FACET_ASSIGN(const std::string file, export_onnx(*graph_, ExportNumbers::kFloat, rows));
        try {
            return &nets_.emplace(rows, cv::dnn::readNetFromONNX(file.data(), file.size()))
                        .first->second;
        } catch (const cv::Exception& exception) {
            return Error{ErrorCode::kUnsupported, "OpenCV: " + exception.err};
        }
    }

    const std::shared_ptr<const Graph> graph_;
    const int threads_;
    const Tensor input_;
    std::map<int, cv::dnn::Net> nets_;
    std::vector<cv::Mat> outputs_;
};

}  // namespace

Result<std::unique_ptr<Contender>> make_opencv(const std::shared_ptr<const Graph>& graph,
                                               int threads, int most) {
    auto contender = std::make_unique<OpenCv>(graph, threads, most);
    FACET_TRY(contender->run(1));
    return std::unique_ptr<Contender>(std::move(contender));
}

}  // namespace facet::bench
