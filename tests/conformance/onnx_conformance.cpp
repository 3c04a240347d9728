// SPDX-License-Identifier: MIT
// Runs ONNX's own backend test data, each case in a process of its own, and counts by operator.
// Usage: onnx-conformance [FOLDER [NAME]]; exits 1 when a case failed or crashed, 77 without data.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "tests/conformance/onnx_case.h"

namespace {

using facet::testing::OnnxCase;
using facet::testing::Outcome;
using facet::testing::Verdict;

constexpr const char* kDefaultFolder = "/usr/share/libonnx-testdata/data";
constexpr unsigned kMostSeconds = 20;  // that one case may take
constexpr int kSkipped = 77;           // Meson's exit status of a skipped test
constexpr std::array kWords{"passed", "failed", "out_of_scope", "crashed"};

void run_child(const OnnxCase& onnx_case, const std::filesystem::path& scratch, int result) {
    alarm(kMostSeconds);
    const Outcome outcome = facet::testing::run_onnx_case(onnx_case, scratch);
    const std::string message = std::to_string(static_cast<int>(outcome.verdict)) + outcome.detail;
    const bool written =
        write(result, message.data(), message.size()) == static_cast<ssize_t>(message.size());
    _exit(written ? 0 : 1);
}

std::string read_all(int descriptor) {
    std::string text;
    std::array<char, 4096> chunk{};
    for (ssize_t count; (count = read(descriptor, chunk.data(), chunk.size())) > 0;)
        text.append(chunk.data(), static_cast<size_t>(count));
    return text;
}

// In a child process: whatever happens there is this case's outcome alone.
Outcome run_apart(const OnnxCase& onnx_case, const std::filesystem::path& scratch) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return {Verdict::kCrashed, {}, "no pipe"};
    const pid_t child = fork();
    if (child < 0) return {Verdict::kCrashed, {}, "no process"};
    if (child == 0) {
        close(ends[0]);
        run_child(onnx_case, scratch, ends[1]);
    }
    close(ends[1]);
    const std::string message = read_all(ends[0]);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    Outcome outcome;
    if (WIFSIGNALED(status)) {
        const int signal_number = WTERMSIG(status);
        outcome = {Verdict::kCrashed,
                   {},
                   signal_number == SIGALRM
                       ? "took longer than " + std::to_string(kMostSeconds) + " s"
                       : strsignal(signal_number)};
    } else if (message.empty()) {
        outcome = {Verdict::kCrashed, {}, "ended without a result"};
    } else {
        outcome = {static_cast<Verdict>(message[0] - '0'), {}, message.substr(1)};
    }
    outcome.op = facet::testing::operator_of(onnx_case);
    return outcome;
}

struct Tally {
    std::array<int, 4> counts{};
    std::string lines;
};

void print(const std::map<std::string, Tally>& operators) {
    for (const auto& [op, tally] : operators) {
        std::printf("%s: %d passed, %d failed, %d out of scope, %d crashed\n%s", op.c_str(),
                    tally.counts[0], tally.counts[1], tally.counts[2], tally.counts[3],
                    tally.lines.c_str());
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<OnnxCase> cases =
        facet::testing::find_onnx_cases(argc > 1 ? argv[1] : kDefaultFolder);
    if (cases.empty()) {
        std::puts("no test data: install libonnx-testdata, or name its folder");
        return kSkipped;
    }
    std::string scratch = (std::filesystem::temp_directory_path() / "facet-onnx-XXXXXX").string();
    if (mkdtemp(scratch.data()) == nullptr) return 1;
    std::map<std::string, Tally> operators;
    std::array<int, 4> totals{};
    for (const OnnxCase& onnx_case : cases) {
        if (argc > 2 && onnx_case.name != argv[2]) continue;
        const Outcome outcome = run_apart(onnx_case, scratch);
        const auto verdict = static_cast<size_t>(outcome.verdict);
        Tally& tally = operators[outcome.op];
        ++tally.counts[verdict];
        ++totals[verdict];
        if (outcome.verdict != Verdict::kPassed || argc > 2)
            tally.lines += "    " + onnx_case.group + "/" + onnx_case.name + " " + kWords[verdict] +
                           ": " + outcome.detail + "\n";
    }
    std::filesystem::remove_all(scratch);
    print(operators);
    std::printf("{\"passed\": %d, \"failed\": %d, \"out_of_scope\": %d, \"crashed\": %d}\n",
                totals[0], totals[1], totals[2], totals[3]);
    return totals[1] + totals[3] > 0 ? 1 : 0;
}
