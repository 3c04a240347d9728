// SPDX-License-Identifier: MIT
// The way of a frame: crops in the streaming thread, results in the source pad's task.
#include "gst/frame_stream.h"

#include <algorithm>
#include <utility>

#include "engine/vision/crop.h"
#include "gst/errors.h"
#include "gst/image_size_choice.h"
#include "gst/pipeline_clock.h"
#include "gst/video_frame.h"

namespace facet {

namespace {

GST_DEBUG_CATEGORY_STATIC(stream_category);
#define GST_CAT_DEFAULT stream_category

// A device that has failed this many items in a row will not recover by itself.
constexpr int kFailuresToGiveUp = 16;

size_t choose_image_size(const std::vector<ImageSize>& sizes, const GstVideoInfo& info) {
    const ImageSize frame{GST_VIDEO_INFO_WIDTH(&info), GST_VIDEO_INFO_HEIGHT(&info)};
    return choose_image_size(
        sizes, frame,
        static_cast<double>(GST_VIDEO_INFO_PAR_N(&info)) / GST_VIDEO_INFO_PAR_D(&info));
}

}  // namespace

FrameStream::FrameStream(GstElement* element, GstPad* source, Sessions sessions, GstClock* clock,
                         StreamSetup setup)
    : element_(element),
      source_(source),
      own_clock_(clock != nullptr ? std::make_unique<PipelineClock>(clock) : nullptr),
      clock_(own_clock_ ? *own_clock_ : steady_clock()),
      image_sizes_(std::move(setup.image_sizes)),
      behaviour_(std::move(setup.behaviour)),
      depth_(static_cast<size_t>(setup.queue_depth)),
      sheds_(setup.sheds),
      stats_path_(std::move(setup.stats_path)),
      stats_interval_(setup.stats_interval),
      window_(std::make_shared<Window>(depth_, GST_FLOW_FLUSHING)) {
    static const bool once = [] {
        GST_DEBUG_CATEGORY_INIT(stream_category, "facetstream", 0, "Frames through a session");
        return true;
    }();
    static_cast<void>(once);
    gst_segment_init(&segment_, GST_FORMAT_TIME);
    for (std::shared_ptr<Session>& session : sessions) {
        const Lane& lane = *lanes_.emplace_back(std::make_unique<Lane>(std::move(session)));
        lane.session->set_owner_weight(lane.owner, setup.weight);
        lane.session->set_owner_sheds(lane.owner, sheds_);
        if (lanes_.size() > 1) lane.session->set_owner_state(lane.owner, OwnerState::kBlocked);
        for (const std::string& line : lane.session->descriptions())
            GST_INFO_OBJECT(element_, "%s", line.c_str());
    }
}

FrameStream::~FrameStream() {
    window_->close(GST_FLOW_FLUSHING);
    for (const auto& lane : lanes_) lane->session->close_owner(lane->owner);
}

Result<void> FrameStream::try_stats_path() const {
    if (stats_path_.empty()) return {};
    const auto written = replace_file(stats_path_, "");
    if (!written.ok()) return written.error().within("property 'stats-path'");
    return {};
}

GstFlowReturn FrameStream::chain(Ref<GstBuffer> buffer) {
    if (!info_) return GST_FLOW_NOT_NEGOTIATED;
    if (const GstFlowReturn result = flow(); result != GST_FLOW_OK) return result;
    set_owner_state(OwnerState::kActive);
    if (!window_->wait_for_room([this](bool waits) { waiting(waits); })) return flow();

    Entry frame;
    frame.came = clock_.now();
    frame.late = is_late(buffer.get());
    frame.buffer = adopt(gst_buffer_make_writable(buffer.release()));
    frame.info = *info_;
    frame.regions = behaviour_->plan(frame.buffer.get(), frame.info, frame.late);
    frame.results = std::make_shared<Results>(frame.regions.size());
    std::vector<Token> tokens;
    tokens.reserve(frame.regions.size());
    if (std::ranges::any_of(frame.regions, &PlannedRegion::runs) && !take_crops(frame, tokens))
        return GST_FLOW_ERROR;
    submit(std::move(frame), std::move(tokens));
    foresee_latency();
    return flow();
}

Duration FrameStream::latency() {
    foresee_latency();
    return lane().latency.bound();
}

// What waits at this moment, of all streams, is what the next frame stands behind.
void FrameStream::foresee_latency() {
    Lane& current = lane();
    if (current.latency.foresee(current.session->expected_wait()))
        gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

bool FrameStream::take_crops(Entry& frame, std::vector<Token>& tokens) {
    const MappedFrame mapped(frame.buffer.get(), frame.info);
    if (!mapped.ok()) {
        GST_ELEMENT_ERROR(
            element_, STREAM, FORMAT, (nullptr),
            ("frame of %" G_GSIZE_FORMAT " bytes cannot be mapped as %dx%d %s",
             gst_buffer_get_size(frame.buffer.get()), GST_VIDEO_INFO_WIDTH(&frame.info),
             GST_VIDEO_INFO_HEIGHT(&frame.info), GST_VIDEO_INFO_NAME(&frame.info)));
        return false;
    }
    const ImageView image = mapped.view();
    const Lane& current = lane();
    const std::vector<CropSpec>& specs = current.session->crop_specs();
    for (size_t region = 0; region < frame.regions.size(); ++region) {
        if (!frame.regions[region].runs()) continue;
        Token token{{}, region};
        token.item.owner = current.owner;
        token.item.generation = generation_;
        expect(token.item, frame.regions[region]);
        token.item.crops = current.session->acquire_crops();
        std::optional<Error> error;
        for (size_t spec = 0; spec < specs.size() && !error; ++spec) {
            const Result<void> cropped =
                crop(image, frame.regions[region].rect, specs[spec], token.item.crops.pixels(spec));
            if (!cropped.ok()) error = cropped.error();
        }
        if (error)
            frame.results->of[region].error = std::move(error);
        else
            tokens.push_back(std::move(token));
    }
    return true;
}

void FrameStream::expect(Item& item, const PlannedRegion& region) const {
    item.value = region.value;
    item.filler = region.run == PlannedRegion::Run::kWhenRoom;
    if (!sheds_) return;
    // With a latency budget the session knows by itself.
    const Session& session = *lane().session;
    const SessionLimits limits = session.limits();
    if (limits.latency_budget == Duration{0})
        item.due = clock_.now() + limits.timeout + limits.margin + session.service_bound();
}

void FrameStream::submit(Entry frame, std::vector<Token> tokens) {
    const std::shared_ptr<Results> results = frame.results;
    const std::optional<Window::FrameId> id = window_->add_frame(frame, tokens.size());
    if (!id || tokens.empty()) return;
    results->clock = &clock_;
    results->window = window_;
    results->frame = *id;
    results->self = results;
    results->outstanding = tokens.size();
    std::vector<Item> items;
    items.reserve(tokens.size());
    for (Token& token : tokens) {
        // Two words, which std::function keeps inside itself.
        token.item.done = [to = results.get(), region = token.region](ItemResult result) {
            to->take(region, std::move(result));
        };
        items.push_back(std::move(token.item));
    }
    lane().session->submit(std::move(items));
}

// Nobody else touches the region's slot. Once the window knows, the frame may be gone at any time.
void FrameStream::Results::take(size_t region, ItemResult&& result) {
    of[region] = std::move(result);
    complete_at = clock->now().count();
    if (const auto alive = window.lock()) alive->complete(frame);
    if (--outstanding == 0) const std::shared_ptr<Results> last = std::move(self);
}

bool FrameStream::event(Ref<GstEvent> event) {
    const GstEventType type = GST_EVENT_TYPE(event.get());
    if (type == GST_EVENT_CAPS) {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event.get(), &caps);
        GstVideoInfo info;
        if (!gst_video_info_from_caps(&info, caps) || !pixel_format(GST_VIDEO_INFO_FORMAT(&info)))
            return false;
        info_ = info;
        if (!image_sizes_.empty()) move_to_lane(choose_image_size(image_sizes_, info));
    }
    if (type == GST_EVENT_SEGMENT) gst_event_copy_segment(event.get(), &segment_);
    if (type == GST_EVENT_STREAM_START) at_end_ = false;
    if (type == GST_EVENT_EOS) {
        at_end_ = true;
        set_owner_state(OwnerState::kDraining);
        // No buffer will carry the bad news upstream any more.
        if (const GstFlowReturn result = flow(); result != GST_FLOW_OK) {
            tell_application(result);
            return false;
        }
    }
    Entry entry;
    entry.event = std::move(event);
    window_->add_event(std::move(entry));
    return true;
}

// Nothing is lost on the way: a task with nothing in hand leaves the owner's state alone, and one
// that has stopped leaves it draining, which the flow then tells.
void FrameStream::move_to_lane(size_t next) {
    if (next == current_lane_) return;
    const Duration bound = lane().latency.bound();
    wait_until_empty();
    set_owner_state(OwnerState::kBlocked);
    current_lane_ = next;
    if (flow() == GST_FLOW_OK) set_owner_state(OwnerState::kActive);
    if (lane().latency.bound() != bound)
        gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

void FrameStream::cancel() {
    for (const auto& lane : lanes_) lane->session->cancel(lane->owner, generation_);
}

bool FrameStream::wait_until_empty() {
    return window_->wait_until_empty([this](bool waits) { waiting(waits); });
}

void FrameStream::add_frames_held(GstQuery* query) const {
    const auto held = static_cast<guint>(depth_);
    const guint pools = gst_query_get_n_allocation_pools(query);
    for (guint i = 0; i < pools; ++i) {
        GstBufferPool* pool = nullptr;
        guint size = 0, least = 0, most = 0;
        gst_query_parse_nth_allocation_pool(query, i, &pool, &size, &least, &most);
        const Ref<GstBufferPool> owned = adopt(pool);
        gst_query_set_nth_allocation_pool(query, i, pool, size, least + held,
                                          most == 0 ? 0 : most + held);
    }
    GstCaps* caps = nullptr;
    gst_query_parse_allocation(query, &caps, nullptr);
    GstVideoInfo info;
    if (pools == 0 && caps != nullptr && gst_video_info_from_caps(&info, caps))
        gst_query_add_allocation_pool(query, nullptr, GST_VIDEO_INFO_SIZE(&info), held, 0);
}

void FrameStream::flush_start() {
    window_->close(GST_FLOW_FLUSHING);
    cancel();
}

void FrameStream::pause() {
    gst_pad_pause_task(source_);
}

void FrameStream::flush_stop() {
    // Once more, for what the streaming thread submitted after FLUSH_START.
    cancel();
    ++generation_;
    useful_from_ = -1;
    behaviour_->forget();
    set_owner_state(OwnerState::kActive);
    activate();
}

// As video decoders do: what is late now will be later still until it has caught up.
void FrameStream::qos(GstClockTimeDiff lateness, GstClockTime running_time) {
    if (!GST_CLOCK_TIME_IS_VALID(running_time)) return;
    const auto time = static_cast<GstClockTimeDiff>(running_time);
    useful_from_ = lateness > 0 ? time + 2 * lateness : -1;
}

bool FrameStream::is_late(GstBuffer* buffer) const {
    const GstClockTimeDiff useful_from = useful_from_;
    if (!sheds_ || useful_from < 0 || !GST_BUFFER_PTS_IS_VALID(buffer)) return false;
    const GstClockTime time =
        gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    return GST_CLOCK_TIME_IS_VALID(time) && static_cast<GstClockTimeDiff>(time) < useful_from;
}

GstStructure* FrameStream::stats() const {
    StreamStats stats;
    {
        MutexLock lock(stats_mutex_);
        stats = stats_;
    }
    const Lane& current = lane();
    stats.latency = current.latency.bound();
    return stats_structure(*current.session, stats);
}

void FrameStream::reconfigure() {
    if (flow() == GST_FLOW_NOT_LINKED) start_task();
}

void FrameStream::activate() {
    at_end_ = false;
    told_ = false;
    start_task();
}

void FrameStream::deactivate() {
    flush_start();
    gst_pad_stop_task(source_);
}

// The frames left behind are dropped; events that describe the stream are still true.
void FrameStream::start_task() {
    gst_pad_pause_task(source_);
    for (Entry& entry : window_->open()) {
        GstEvent* event = entry.event.get();
        if (event == nullptr || !GST_EVENT_IS_STICKY(event)) continue;
        if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT || GST_EVENT_TYPE(event) == GST_EVENT_EOS)
            continue;
        gst_pad_store_sticky_event(source_, event);
    }
    gst_pad_start_task(
        source_, [](gpointer stream) { static_cast<FrameStream*>(stream)->run_task(); }, this,
        nullptr);
}

void FrameStream::run_task() {
    std::optional<Entry> entry = window_->take();
    if (!entry) {
        gst_pad_pause_task(source_);
        return;
    }
    GstFlowReturn result = GST_FLOW_OK;
    if (entry->event)
        gst_pad_push_event(source_, entry->event.release());
    else if (!write_results(*entry))
        result = GST_FLOW_ERROR;
    else
        result = gst_pad_push(source_, entry->buffer.release());
    if (entry->results) report();
    pushed_at_ = clock_.now();
    if (result != GST_FLOW_OK) stop_after(result);
    window_->put_down();
}

bool FrameStream::write_results(Entry& frame) {
    watch(frame);
    if (!frame.regions.empty())
        behaviour_->write(frame.buffer.get(), frame.info, frame.regions, frame.results->of);
    for (size_t i = 0; i < frame.regions.size(); ++i) {
        const ItemResult& result = frame.results->of[i];
        if (!result.error) {
            if (frame.regions[i].runs()) failures_in_a_row_ = 0;
        } else if (result.error->code != ErrorCode::kInvalidArgument &&
                   result.error->code != ErrorCode::kCancelled &&
                   result.error->code != ErrorCode::kOverload) {
            GST_WARNING_OBJECT(element_, "no result: %s", result.error->text().c_str());
            if (++failures_in_a_row_ == kFailuresToGiveUp) {
                if (!told_.exchange(true)) post_error(element_, *result.error);
                return false;
            }
        }
    }
    return true;
}

// The time for which the frame was complete and the task still busy with the one before does not
// count: that is downstream's, and counting it would have the sinks wait longer and longer.
void FrameStream::watch(const Entry& frame) {
    const Time now = clock_.now();
    const Time complete = std::max(Time(frame.results->complete_at.load()), frame.came);
    const Duration held = std::max(pushed_at_ - complete, Duration{0});
    Duration infer{0};
    uint64_t shed = 0;
    for (size_t i = 0; i < frame.regions.size(); ++i) {
        const ItemResult& result = frame.results->of[i];
        infer = std::max<Duration>(infer, std::chrono::microseconds(result.provenance.infer_us));
        shed += frame.regions[i].run == PlannedRegion::Run::kLate ||
                (result.error && result.error->code == ErrorCode::kOverload);
    }
    {
        MutexLock lock(stats_mutex_);
        ++stats_.frames;
        stats_.late_frames += frame.late ? 1 : 0;
        stats_.shed += shed;
    }
    if (!frame.regions.empty() && lane().latency.add(now - frame.came - held, infer, now))
        gst_element_post_message(element_, gst_message_new_latency(GST_OBJECT(element_)));
}

void FrameStream::report() {
    constexpr Duration kFileInterval = std::chrono::seconds(1);
    if (stats_interval_ == Duration{0} && stats_path_.empty()) return;
    const Duration interval = stats_interval_ > Duration{0} ? stats_interval_ : kFileInterval;
    const Time now = clock_.now();
    if (reported_at_ == Time{0}) reported_at_ = now;
    if (now - reported_at_ < interval) return;
    {
        MutexLock lock(stats_mutex_);
        stats_.fps = static_cast<double>(stats_.frames - frames_reported_) /
                     std::chrono::duration<double>(now - reported_at_).count();
        frames_reported_ = stats_.frames;
    }
    reported_at_ = now;
    GstStructure* stats = this->stats();
    if (!stats_path_.empty()) {
        const std::string text = prometheus_text(stats, GST_OBJECT_NAME(element_));
        if (const auto written = replace_file(stats_path_, text); !written.ok())
            GST_WARNING_OBJECT(element_, "stats-path: %s", written.error().text().c_str());
    }
    if (stats_interval_ > Duration{0})
        gst_element_post_message(element_, gst_message_new_element(GST_OBJECT(element_), stats));
    else
        gst_structure_free(stats);
}

void FrameStream::stop_after(GstFlowReturn result) {
    window_->close(result);
    cancel();
    // Not blocked: nothing that the device does will let it go on.
    set_owner_state(OwnerState::kDraining);
    gst_pad_pause_task(source_);
    if (at_end_ && tell_application(result)) gst_pad_push_event(source_, gst_event_new_eos());
}

// End of stream and flushing are no errors; while buffers still come, upstream does the telling.
bool FrameStream::tell_application(GstFlowReturn result) {
    if (result != GST_FLOW_NOT_LINKED && result >= GST_FLOW_EOS) return false;
    if (!told_.exchange(true)) GST_ELEMENT_FLOW_ERROR(element_, result);
    return true;
}

void FrameStream::set_owner_state(OwnerState state) {
    if (owner_state_.exchange(state) == state) return;
    const Lane& current = lane();
    current.session->set_owner_state(current.owner, state);
}

void FrameStream::waiting(bool waits) {
    if (waits)
        set_owner_state(OwnerState::kBlocked);
    else if (flow() == GST_FLOW_OK)
        set_owner_state(OwnerState::kActive);
}

GstFlowReturn FrameStream::flow() const {
    return static_cast<GstFlowReturn>(window_->reason());
}

}  // namespace facet
