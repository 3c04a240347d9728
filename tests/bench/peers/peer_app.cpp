// SPDX-License-Identifier: MIT
// The stream app as it is usually written: convert the whole frame, detect, then one face after the
// other, each as a batch of one.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <thread>
#include <vector>

#include "engine/backends/reference/reference_backend.h"
#include "tests/bench/peers/bench_model.h"
#include "tests/bench/peers/onnx_export.h"
#include "tests/bench/peers/stream_app.h"

namespace facet::bench {
namespace {

constexpr float kThreshold = 0.5f;

// A net of either library on blobs of one image.
class PeerNet {
  public:
    static Result<std::unique_ptr<PeerNet>> open(const Graph& graph, bool quantised,
                                                 OnnxRuntime* runtime) {
        auto net = std::make_unique<PeerNet>();
        const auto numbers = quantised ? ExportNumbers::kQuantised : ExportNumbers::kFloat;
        FACET_ASSIGN(const std::string file, export_onnx(graph, numbers, 1));
        if (runtime != nullptr) {
            FACET_ASSIGN(net->onnx_, runtime->open(file, 1));
        } else {
            net->opencv_ = cv::dnn::readNetFromONNX(file.data(), file.size());
            net->names_ = net->opencv_.getUnconnectedOutLayersNames();
        }
        return net;
    }

    void run(const cv::Mat& blob) {
        if (onnx_) {
            const Shape shape{1, blob.size[1], blob.size[2], blob.size[3]};
            if (!onnx_->run(shape, {blob.ptr<float>(), blob.total()}).ok()) std::abort();
            return;
        }
        opencv_.setInput(blob);
        opencv_.forward(outputs_, names_);
    }
    // The output of so many elements.
    [[nodiscard]] const float* output(size_t elements) const {
        if (onnx_) {
            for (size_t i = 0; i < onnx_->output_count(); ++i)
                if (onnx_->output(i).size() == elements) return onnx_->output(i).data();
        }
        for (const cv::Mat& output : outputs_)
            if (output.total() == elements) return output.ptr<float>();
        std::abort();
    }

  private:
    std::unique_ptr<OnnxNet> onnx_;
    cv::dnn::Net opencv_;
    std::vector<std::string> names_;
    std::vector<cv::Mat> outputs_;
};

const Node* detection_output(const Graph& graph) {
    for (const Node& node : graph.nodes)
        if (std::holds_alternative<DetectionOutputParams>(node.params)) return &node;
    return nullptr;
}

struct Graphs {
    std::shared_ptr<const Graph> faces, age, mood;
};

// One thread's nets and the way of one frame through them.
class Worker {
  public:
    Result<void> open(const Graphs& graphs, bool quantised, OnnxRuntime* runtime) {
        graphs_ = graphs;
        node_ = detection_output(*graphs.faces);
        if (node_ == nullptr) return Error{ErrorCode::kUnsupported, "the detector has no list"};
        const auto open_net = [&](const Graph& graph) {
            return PeerNet::open(graph, quantised, runtime);
        };
        FACET_ASSIGN(faces_, open_net(*graphs.faces));
        FACET_ASSIGN(age_, open_net(*graphs.age));
        FACET_ASSIGN(mood_, open_net(*graphs.mood));
        return {};
    }

    // The number of faces.
    int process(const uint8_t* nv12) {
        const cv::Mat frame(FrameRing::kHeight * 3 / 2, FrameRing::kWidth, CV_8UC1,
                            const_cast<uint8_t*>(nv12));
        cv::cvtColor(frame, bgr_, cv::COLOR_YUV2BGR_NV12);
        faces_->run(cv::dnn::blobFromImage(bgr_, 1.0, {300, 300}));
        const std::vector<cv::Rect> boxes = list_faces();
        for (const cv::Rect& box : boxes) {
            age_->run(cv::dnn::blobFromImage(bgr_(box), 1.0, {62, 62}));
            mood_->run(cv::dnn::blobFromImage(bgr_(box), 1.0, {64, 64}));
        }
        return static_cast<int>(boxes.size());
    }

  private:
    std::vector<cv::Rect> list_faces() {
        const Graph& graph = *graphs_.faces;
        const auto view = [&](size_t input, const void* bytes) {
            return TensorView{DataType::kF32, graph.value(node_->inputs[input]).shape, bytes};
        };
        const auto elements = [&](size_t input) {
            return static_cast<size_t>(graph.value(node_->inputs[input]).shape.elements());
        };
        const TensorView inputs[] = {view(0, faces_->output(elements(0))),
                                     view(1, faces_->output(elements(1))),
                                     graph.constant_input(*node_, 2)->view()};
        const Shape& shape = graph.value(node_->outputs[0]).shape;
        list_.resize(shape.elements());
        const MutableTensorView outputs[] = {{DataType::kF32, shape, list_.data()}};
        std::vector<cv::Rect> boxes;
        if (!reference::run(node_->params, inputs, outputs).ok()) return boxes;
        for (size_t at = 0; at + 7 <= list_.size() && list_[at] >= 0; at += 7) {
            const float* row = list_.data() + at;
            if (row[2] < kThreshold) continue;
            const cv::Rect2f box(row[3] * FrameRing::kWidth, row[4] * FrameRing::kHeight,
                                 (row[5] - row[3]) * FrameRing::kWidth,
                                 (row[6] - row[4]) * FrameRing::kHeight);
            const cv::Rect inside =
                cv::Rect(box) & cv::Rect(0, 0, FrameRing::kWidth, FrameRing::kHeight);
            if (!inside.empty()) boxes.push_back(inside);
        }
        return boxes;
    }

    Graphs graphs_;
    const Node* node_ = nullptr;
    std::unique_ptr<PeerNet> faces_, age_, mood_;
    cv::Mat bgr_;
    std::vector<float> list_;
};

class PeerApp final : public StreamApp {
  public:
    PeerApp(const StreamAppSettings& settings, std::shared_ptr<const FrameRing> frames,
            std::shared_ptr<OnnxRuntime> runtime)
        : settings_(settings), frames_(std::move(frames)), runtime_(std::move(runtime)) {}

    Result<void> start() {
        cv::setNumThreads(1);
        const bool quantised = settings_.quantised;
        const auto graph = [&](size_t model) {
            const BenchModel entry = bench_models({})[model];
            return load_graph(quantised ? entry.quantised_file : entry.float_file);
        };
        Graphs graphs;
        FACET_ASSIGN(graphs.age, graph(0));
        FACET_ASSIGN(graphs.mood, graph(1));
        FACET_ASSIGN(graphs.faces, graph(4));
        workers_.resize(std::max(1u, std::thread::hardware_concurrency()));
        for (Worker& worker : workers_) FACET_TRY(worker.open(graphs, quantised, runtime_.get()));
        for (Worker& worker : workers_) threads_.emplace_back([this, &worker] { work(worker); });
        return {};
    }

    void push(int stream, int index) override {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return queue_.size() < 4 * workers_.size() || stopping_; });
        queue_.push_back({stream, index});
        waiting_.notify_one();
    }

    std::string division() const override {
        return std::to_string(workers_.size()) + " x 1, nets of its own each";
    }

    ~PeerApp() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        waiting_.notify_all();
        room_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

  private:
    struct Waiting {
        int stream, index;
    };

    void work(Worker& worker) {
        for (;;) {
            std::unique_lock lock(mutex_);
            waiting_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
            if (stopping_) return;
            const Waiting next = queue_.front();
            queue_.pop_front();
            lock.unlock();
            room_.notify_one();
            const int faces = worker.process(frames_->frame(next.index));
            settings_.done(next.stream, next.index, faces);
        }
    }

    const StreamAppSettings settings_;
    const std::shared_ptr<const FrameRing> frames_;
    const std::shared_ptr<OnnxRuntime> runtime_;
    std::vector<Worker> workers_;
    std::mutex mutex_;  // guards queue_ and stopping_
    std::condition_variable waiting_, room_;
    std::deque<Waiting> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<StreamApp>> make_peer_app(const StreamAppSettings& settings,
                                                 const std::shared_ptr<const FrameRing>& frames,
                                                 std::shared_ptr<OnnxRuntime> runtime) {
    auto app = std::make_unique<PeerApp>(settings, frames, std::move(runtime));
    FACET_TRY(app->start());
    return std::unique_ptr<StreamApp>(std::move(app));
}

}  // namespace facet::bench
