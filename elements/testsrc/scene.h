// SPDX-License-Identifier: MIT
// Who is in the picture at each frame, where, and in which mood: the truth that is then drawn.
#pragma once

#include <cstdint>
#include <vector>

#include "elements/testsrc/face_painter.h"
#include "elements/testsrc/occluder.h"
#include "elements/testsrc/random.h"

namespace facet::drawing {

enum class Arrival {
    kConstant,  // as many as asked for in every frame; whoever leaves is replaced at once
    kPoisson,   // people come independently of each other
    kBurst,     // groups come and leave together, with nobody in between
    kCrowd      // independently, but the stream swells and ebbs, and people stand close together
};
enum class Lighting { kEven, kLeft, kRight, kDim, kBright };
inline constexpr int kLightings = 5;
[[nodiscard]] const char* to_string(Lighting lighting);  // "even", "left", ...

struct SceneSettings {
    uint64_t seed = 0;
    double faces = 3;  // mean number in a frame
    Arrival arrival = Arrival::kConstant;
    double motion = 0.5;                      // 0: nobody moves
    double min_size = 0.15, max_size = 0.40;  // of a face, in frame heights
    double lighting = 0.5;                    // 0: even light throughout .. 1
    int occluders = 0;                        // things passing in front at any time
    double mood_seconds = 4;                  // between changes of mood; 0: never
};

struct FrameShape {
    int width = 640, height = 360;    // pixels, > 0
    double frame_seconds = 1.0 / 25;  // > 0
};

// One person in one frame. Pixels; the box may reach beyond the frame.
struct Person {
    FaceTraits traits;
    FaceLook look;
    FacePose pose;
    Box box;            // hairline to chin, cheek to cheek, around the tilted face
    float visible = 1;  // share of the face that is inside the frame and not hidden, 0..1
};

// A pure function of settings, shape and the number of steps. Thread-bound.
class Scene {
  public:
    Scene(const SceneSettings& settings, const FrameShape& shape);  // at frame 0
    // The next frame's.
    void step();
    // New size or rate from this frame on; everyone stays.
    void reshape(const FrameShape& shape);

    [[nodiscard]] uint64_t frame() const { return frame_; }
    [[nodiscard]] const SceneSettings& settings() const { return settings_; }
    [[nodiscard]] const FrameShape& shape() const { return shape_; }
    // Far to near: in the order to be painted.
    [[nodiscard]] const std::vector<Person>& people() const { return people_; }
    [[nodiscard]] const std::vector<Occluder>& occluders() const { return occluders_; }
    [[nodiscard]] const Light& light() const { return light_; }
    [[nodiscard]] float exposure() const { return exposure_; }  // 1: as drawn
    [[nodiscard]] Lighting lighting() const;

  private:
    // Somebody staying for a while; places in shares of the frame, sizes in frame heights.
    struct Resident {
        FaceTraits traits;
        FaceLook look;
        double arrives = 0, leaves = 0;  // seconds
        float x = 0, y = 0, size = 0;
        float side = 1;  // of the frame by which they come and go
        float yaw = 0, pitch = 0, roll = 0;
        float phase[4] = {};
        float pace = 1;
        float mood_phase = 0;
        int first_mood = 0, mood_step = 1;
    };

    void populate();
    void let_in();
    void let_out();
    void add(double arrives, double leaves);
    void add_present();
    void add_newcomer();
    void place(Resident& resident);
    [[nodiscard]] double stay();
    [[nodiscard]] int wanted() const;
    [[nodiscard]] float crowding(const Resident& candidate) const;
    [[nodiscard]] Person person_at(const Resident& resident) const;
    [[nodiscard]] float aspect() const;
    void arrange();
    void set_light();
    void set_occluders();
    void measure_visibility();

    SceneSettings settings_;
    FrameShape shape_;
    Random random_;
    uint64_t frame_ = 0;
    uint64_t people_so_far_ = 0;
    double time_ = 0;                  // seconds
    std::vector<Resident> residents_;  // in the order they came
    std::vector<Person> people_;
    std::vector<Occluder> occluders_;
    Light light_;
    float exposure_ = 1;
};

}  // namespace facet::drawing
