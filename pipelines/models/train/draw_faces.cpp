// SPDX-License-Identifier: MIT
// facet-draw: writes labelled crops and frames of drawn faces, to train and to judge models with.
//
//   facet-draw crops --seeds 0-99 --out train            train.rgb (N x 64 x 64 x 3), train.csv
//   facet-draw frames --seeds 0-99 --canvas 320x240 --out scenes
//
// Ends with one line that is a JSON object saying how much was written.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "elements/testsrc/frame_painter.h"
#include "elements/testsrc/pixel_writer.h"
#include "engine/vision/crop.h"

namespace {

namespace drawing = facet::drawing;

constexpr const char* kUsage =
    R"(facet-draw crops|frames --seeds FIRST-LAST --out PREFIX [options]

Draws scenes of people, one per seed, and writes PREFIX.rgb (u8 RGB, one picture after the other)
and PREFIX.csv (one line per face, with a heading).

  crops   every face, cut out with a jittered box and resized as the elements do
  frames  whole frames; the lines name the number of the frame in PREFIX.rgb and the box in it

  --frames N          frames per seed (default 20)
  --stride N          frames of the scene between two that are taken; at 25 a second (default 75)
  --canvas WxH        size of a frame (default 640x360)
  --faces X           mean number of faces in a frame (default 6)
  --arrival NAME      constant, poisson, burst or crowd (default poisson)
  --min-size X, --max-size X   height of a face in frame heights (default 0.08, 0.5)
  --motion X, --lighting X, --noise X, --occluders N   as of facettestsrc (default 0.5, 1, 3, 0)
  --fit WxH           frames: resized to this as the elements do for a model; the boxes, too
  --size N            crops: width and height of a crop (default 64)
  --roi-scale X       crops: the box is grown about its middle by this factor (default 1)
  --jitter X          crops: each side of the box moves by up to this share of its size (default 0.1)
  --min-visible X     faces seen less than this are no crops; frames list all (default 0.6)
  --min-height N      crops: smallest face in pixels (default 16)
)";

struct Options {
    bool crops = true;
    uint64_t first_seed = 0, last_seed = 0;
    int frames = 20, stride = 75;
    int width = 640, height = 360;
    int fit_width = 0, fit_height = 0;  // 0: frames stay as they are
    drawing::SceneSettings scene;
    double noise = 3;
    int size = 64;
    float roi_scale = 1, jitter = 0.1F, min_visible = 0.6F, min_height = 16;
    std::string out;
};

[[noreturn]] void fail(const std::string& reason) {
    std::cerr << "facet-draw: " << reason << "\n\n" << kUsage;
    std::exit(2);
}

// A number of at least `least`, all of the text.
double number(const std::string& name, const std::string& text, double least) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != 0 || !(value >= least))
        fail(name + ": '" + text + "' is no number of at least " + std::to_string(least));
    return value;
}

std::pair<std::string, std::string> halves(const std::string& name, const std::string& text,
                                           char separator) {
    const size_t at = text.find(separator);
    if (at == std::string::npos) fail(name + ": '" + text + "' lacks '" + separator + "'");
    return {text.substr(0, at), text.substr(at + 1)};
}

drawing::Arrival arrival_of(const std::string& name) {
    const std::map<std::string, drawing::Arrival> names = {
        {"constant", drawing::Arrival::kConstant},
        {"poisson", drawing::Arrival::kPoisson},
        {"burst", drawing::Arrival::kBurst},
        {"crowd", drawing::Arrival::kCrowd}};
    const auto found = names.find(name);
    if (found == names.end()) fail("--arrival: '" + name + "' is none");
    return found->second;
}

void set_option(Options& options, const std::string& name, const std::string& text) {
    const auto whole = [&](double least) { return static_cast<int>(number(name, text, least)); };
    const auto share = [&] { return static_cast<float>(number(name, text, 0)); };
    if (name == "--seeds") {
        const auto [first, last] = halves(name, text, '-');
        options.first_seed = static_cast<uint64_t>(number(name, first, 0));
        options.last_seed =
            static_cast<uint64_t>(number(name, last, static_cast<double>(options.first_seed)));
    } else if (name == "--canvas") {
        const auto [width, height] = halves(name, text, 'x');
        options.width = static_cast<int>(number(name, width, 16));
        options.height = static_cast<int>(number(name, height, 16));
    } else if (name == "--fit") {
        const auto [width, height] = halves(name, text, 'x');
        options.fit_width = static_cast<int>(number(name, width, 16));
        options.fit_height = static_cast<int>(number(name, height, 16));
    } else if (name == "--out") {
        options.out = text;
    } else if (name == "--frames") {
        options.frames = whole(1);
    } else if (name == "--stride") {
        options.stride = whole(1);
    } else if (name == "--faces") {
        options.scene.faces = number(name, text, 0);
    } else if (name == "--arrival") {
        options.scene.arrival = arrival_of(text);
    } else if (name == "--min-size") {
        options.scene.min_size = number(name, text, 0.02);
    } else if (name == "--max-size") {
        options.scene.max_size = number(name, text, 0.02);
    } else if (name == "--motion") {
        options.scene.motion = number(name, text, 0);
    } else if (name == "--lighting") {
        options.scene.lighting = number(name, text, 0);
    } else if (name == "--noise") {
        options.noise = number(name, text, 0);
    } else if (name == "--occluders") {
        options.scene.occluders = whole(0);
    } else if (name == "--size") {
        options.size = whole(8);
    } else if (name == "--roi-scale") {
        options.roi_scale = static_cast<float>(number(name, text, 0.1));
    } else if (name == "--jitter") {
        options.jitter = share();
    } else if (name == "--min-visible") {
        options.min_visible = share();
    } else if (name == "--min-height") {
        options.min_height = static_cast<float>(number(name, text, 1));
    } else {
        fail("no option " + name);
    }
}

Options options_from(int count, char** arguments) {
    Options options;
    options.scene.faces = 6;
    options.scene.arrival = drawing::Arrival::kPoisson;
    options.scene.min_size = 0.08;
    options.scene.max_size = 0.5;
    options.scene.lighting = 1;
    const std::string mode = count > 1 ? arguments[1] : "";
    if (mode != "crops" && mode != "frames") fail("say crops or frames");
    options.crops = mode == "crops";
    for (int i = 2; i < count; i += 2) {
        if (i + 1 == count) fail(std::string(arguments[i]) + " lacks its value");
        set_option(options, arguments[i], arguments[i + 1]);
    }
    if (options.out.empty()) fail("--out is missing");
    return options;
}

class Writer {
  public:
    explicit Writer(const Options& options)
        : options_(options),
          pixels_(options.out + ".rgb", std::ios::binary),
          labels_(options.out + ".csv") {
        if (!pixels_ || !labels_) fail("cannot write " + options.out + ".rgb and .csv");
        labels_ << "picture,seed,frame,identity,age,gender,mood,skin_tone,lighting,visible,"
                   "x,y,width,height"
                << (options.crops ? ",crop_x,crop_y,crop_width,crop_height\n" : "\n");
    }

    void add(const drawing::Scene& scene, const drawing::Canvas& canvas) {
        std::vector<uint8_t> frame(static_cast<size_t>(canvas.width()) * canvas.height() * 3);
        drawing::FrameTarget target;
        target.format = drawing::FrameFormat::kRgb;
        target.planes = {frame.data()};
        target.strides = {canvas.width() * 3};
        drawing::write_frame(canvas, target);
        for (const drawing::Person& person : scene.people()) {
            if (options_.crops)
                add_crop(scene, person, frame);
            else
                label(scene, person, pictures_, "");
            ++faces_;
        }
        if (options_.crops) return;
        if (options_.fit_width > 0) {
            const facet::Rect all = {0, 0, static_cast<float>(options_.width),
                                     static_cast<float>(options_.height)};
            add_picture(frame, all, options_.fit_width, options_.fit_height);
            return;
        }
        pixels_.write(reinterpret_cast<const char*>(frame.data()),
                      static_cast<std::streamsize>(frame.size()));
        ++pictures_;
    }

    // False when the disk refused something.
    bool finish() {
        const auto [width, height] = picture_size();
        std::printf("{\"pictures\": %d, \"width\": %d, \"height\": %d, \"faces\": %d}\n", pictures_,
                    width, height, options_.crops ? pictures_ : faces_);
        pixels_.flush();
        labels_.flush();
        return pixels_.good() && labels_.good();
    }

  private:
    [[nodiscard]] std::pair<int, int> picture_size() const {
        if (options_.crops) return {options_.size, options_.size};
        if (options_.fit_width > 0) return {options_.fit_width, options_.fit_height};
        return {options_.width, options_.height};
    }

    void label(const drawing::Scene& scene, const drawing::Person& person, int picture,
               const std::string& more) {
        const auto [width, height] = picture_size();
        const float across =
            options_.crops ? 1 : static_cast<float>(width) / static_cast<float>(options_.width);
        const float down =
            options_.crops ? 1 : static_cast<float>(height) / static_cast<float>(options_.height);
        const auto right = static_cast<float>(options_.width);
        const auto bottom = static_cast<float>(options_.height);
        const float x = std::clamp(person.box.left, 0.0F, right);
        const float y = std::clamp(person.box.top, 0.0F, bottom);
        labels_ << picture << ',' << scene.settings().seed << ',' << scene.frame() << ','
                << person.traits.identity << ',' << person.traits.age << ','
                << to_string(person.traits.gender) << ',' << to_string(person.pose.mood) << ','
                << person.traits.skin_tone << ',' << to_string(scene.lighting()) << ','
                << person.visible << ',' << x * across << ',' << y * down << ','
                << (std::clamp(person.box.right, 0.0F, right) - x) * across << ','
                << (std::clamp(person.box.bottom, 0.0F, bottom) - y) * down << more << '\n';
    }

    // False when there is nothing of the region in the frame.
    bool add_picture(const std::vector<uint8_t>& frame, const facet::Rect& region, int width,
                     int height) {
        facet::ImageView view;
        view.format = facet::PixelFormat::kRgb;
        view.width = options_.width;
        view.height = options_.height;
        view.planes[0] = frame.data();
        view.strides[0] = options_.width * 3;
        const facet::CropSpec spec = {width, height, facet::ColorOrder::kRgb};
        std::vector<uint8_t> pixels(spec.byte_size());
        if (!facet::crop(view, region, spec, pixels)) return false;
        pixels_.write(reinterpret_cast<const char*>(pixels.data()),
                      static_cast<std::streamsize>(pixels.size()));
        ++pictures_;
        return true;
    }

    void add_crop(const drawing::Scene& scene, const drawing::Person& person,
                  const std::vector<uint8_t>& frame) {
        const float width = person.box.right - person.box.left;
        const float height = person.box.bottom - person.box.top;
        if (person.visible < options_.min_visible || height < options_.min_height) return;
        drawing::Random random(person.traits.identity, scene.frame());
        float moved[4];
        for (float& side : moved) side = random.between(-options_.jitter, options_.jitter);
        facet::Rect region = {person.box.left + moved[0] * width,
                              person.box.top + moved[1] * height, width * (1 + moved[2] - moved[0]),
                              height * (1 + moved[3] - moved[1])};
        region = facet::scale_about_center(region, options_.roi_scale);
        const int picture = pictures_;
        if (!add_picture(frame, region, options_.size, options_.size)) return;
        std::string cut_out;
        for (const float number : {region.x, region.y, region.width, region.height})
            cut_out.append(",").append(std::to_string(number));
        label(scene, person, picture, cut_out);
    }

    const Options& options_;
    std::ofstream pixels_, labels_;
    int pictures_ = 0, faces_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    const Options options = options_from(count, arguments);
    Writer writer(options);
    for (uint64_t seed = options.first_seed; seed <= options.last_seed; ++seed) {
        drawing::SceneSettings settings = options.scene;
        settings.seed = seed;
        drawing::Scene scene(settings, {options.width, options.height, 1.0 / 25});
        drawing::FramePainter painter(seed, options.width, options.height, options.noise);
        for (int frame = 0; frame < options.frames; ++frame) {
            writer.add(scene, painter.paint(scene));
            for (int step = 0; step < options.stride; ++step) scene.step();
        }
    }
    if (writer.finish()) return 0;
    std::cerr << "facet-draw: writing " << options.out << " failed\n";
    return 1;
}
