// The program's messages where the model itself, not the command line or a file, is the reason; and the kinds of
// sources that the hand-written model does not use. Runs in this process, with altered copies of the model's
// description.
#include "runtime/Program.h"
#include "runtime/Safetensors.h"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>
using namespace nnrt;

namespace {
struct Result {
  int exit;
  std::string out, error;
};

class ProgramTest : public testing::Test {
protected:
  void SetUp() override {
    folder = testing::TempDir() + "nnrt-program-XXXXXX";
    ASSERT_TRUE(mkdtemp(folder.data()));
    ASSERT_EQ(chdir(folder.c_str()), 0);
    model = nnrt_program;
    train = *model.train;
    entries.assign(model.entries, model.entries + model.n_entries);
    model.train = &train;
    model.entries = entries.data();
  }
  void TearDown() override { ASSERT_EQ(system(("rm -rf " + folder).c_str()), 0); }

  Result run(std::vector<std::string> words) {
    words.insert(words.begin(), "prog");
    std::vector<char *> argv;
    for (std::string &word : words)
      argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int exit = runProgram(model, int(argv.size()), argv.data());
    fflush(stdout);
    std::string out = testing::internal::GetCapturedStdout();
    return {exit, out, testing::internal::GetCapturedStderr()};
  }
  void expectError(std::vector<std::string> words, int exit, const std::string &text) {
    Result result = run(std::move(words));
    EXPECT_EQ(result.exit, exit);
    EXPECT_EQ(result.error, "prog: error: " + text + "\n");
  }
  void removeEntry(const char *name) {
    for (nnrt_entry &entry : entries)
      if (!strcmp(entry.name, name))
        entry.name = "(removed)";
  }

  nnrt_model model;
  nnrt_train train;
  std::vector<nnrt_entry> entries;
  std::string folder;
  const std::vector<std::string> step{"train", "--data", "builtin", "--steps", "1", "--quiet"};
};
} // namespace

TEST_F(ProgramTest, AnotherInterface) {
  model.abi = 99;
  expectError(step, 1,
              "the program was compiled for runtime interface 99 and linked with " + std::to_string(NNRT_ABI_VERSION) +
                  ": compile it again with one version of nnc");
}

TEST_F(ProgramTest, NoTrainBlock) {
  model.train = nullptr;
  for (const char *verb : {"train", "bench"})
    expectError({verb}, 1, "the model Tiny was compiled without a train block, so it has no data and no loss");
}

TEST_F(ProgramTest, MissingEntries) {
  removeEntry("train_step");
  expectError(step, 1, "the model Tiny was compiled without the entry 'train_step'");
  removeEntry("predict");
  expectError({"bench", "--entry", "predict"}, 1, "the model Tiny was compiled without the entry 'predict'");
  removeEntry("evaluate");
  entries.assign(nnrt_program.entries, nnrt_program.entries + nnrt_program.n_entries);
  removeEntry("result");
  expectError(step, 1, "the model Tiny was compiled without evaluation");
}

TEST_F(ProgramTest, MoreMemoryThanThereIs) {
  model.arena_bytes = int64_t(1) << 60;
  Result result = run(step);
  EXPECT_EQ(result.exit, 3);
  EXPECT_EQ(
      result.error.find("prog: error: the model needs 1152921504606846976 bytes of memory and the system gives none ("),
      0u)
      << result.error;
}

TEST_F(ProgramTest, CompiledWithoutThreads) {
  model.threads = 0;
  expectError({"train", "--threads", "2"}, 2,
              "--threads: this program was compiled with --threads=none and runs on one");
  Result result = run({"train", "--data", "builtin", "--steps", "1"});
  EXPECT_NE(result.out.find(", 1 thread\n"), std::string::npos) << result.out;
}

TEST_F(ProgramTest, NoSingleLearningRate) {
  std::vector<nnrt_tensor> tensors;
  for (nnrt_entry &entry : entries)
    if (!strcmp(entry.name, "train_step")) {
      tensors.assign(entry.tensors, entry.tensors + entry.n_tensors);
      for (nnrt_tensor &tensor : tensors)
        tensor.name = !strcmp(tensor.name, "lr") ? "encoder.lr" : tensor.name;
      entry.tensors = tensors.data();
    }
  std::vector<std::string> words = step;
  words.insert(words.end(), {"--lr", "0.1"});
  expectError(words, 2, "--lr: the optimizer of the model Tiny has no single learning rate that could be replaced");
}

TEST_F(ProgramTest, NothingToEvaluate) {
  ASSERT_EQ(run({"train", "--data", "builtin", "--steps", "1", "--quiet", "--out", "w.safetensors"}).exit, 0);
  train.test.kind = nullptr;
  EXPECT_NE(run({"eval", "--data", "builtin", "--weights", "w.safetensors"}).out.find("Tiny: 6000 validation records"),
            std::string::npos);
  train.validation.kind = nullptr;
  expectError({"eval", "--data", "builtin", "--weights", "w.safetensors"}, 1,
              "the train block of Tiny has neither `test` nor `validation` data: add a line such as test = idx(...)");
}

TEST_F(ProgramTest, OtherKindsOfData) {
  train.data.kind = "film";
  expectError(
      {"train"}, 1,
      "data of the kind 'film' cannot be read by this program: the kinds are idx, npy, npz, safetensors, csv, cifar10, "
      "images, text and generate");
}

TEST_F(ProgramTest, FieldsThatTheDataLacks) {
  nnrt_field fields[] = {train.data.fields[0], train.data.fields[1]};
  fields[1].name = "digit";
  train.data.fields = fields;
  expectError(step, 1, "the data has no field 'label', which the model reads");
  fields[1].name = "label";
  fields[1].type = NNRT_I64;
  expectError(step, 1, "the field 'label' of the data is i64[n], the model reads it as i32[32]");
}

TEST_F(ProgramTest, TrainsFromSafetensorsAndNpy) {
  std::vector<uint8_t> images(40 * 784), labels(40);
  for (size_t i = 0; i < images.size(); ++i)
    images[i] = uint8_t(i * 7);
  for (size_t i = 0; i < labels.size(); ++i)
    labels[i] = uint8_t(i % 10);
  ASSERT_FALSE(
      writeSafetensors("d.safetensors",
                       {{"label", NNRT_U8, {40}, labels.data()}, {"image", NNRT_U8, {40, 28, 28}, images.data()}}, {})
          .failed());
  std::ofstream("x.npy", std::ios::binary)
      << npyHeader(NNRT_U8, {40, 28, 28}) << std::string(images.begin(), images.end());
  std::ofstream("y.npy", std::ios::binary) << npyHeader(NNRT_U8, {40}) << std::string(labels.begin(), labels.end());
  const char *one[] = {"d.safetensors"}, *two[] = {"x.npy", "y.npy"};
  train.data.kind = "safetensors";
  train.data.files = one;
  Result fromOne = run({"train", "--steps", "5", "--quiet"});
  EXPECT_EQ(fromOne.error, "");
  train.data.kind = "npy";
  train.data.files = two;
  Result fromTwo = run({"train", "--steps", "5", "--quiet"});
  EXPECT_EQ(fromTwo.error, "");
  EXPECT_EQ(fromOne.out, fromTwo.out);
  nnrt_field fields[] = {train.data.fields[0], train.data.fields[1]};
  fields[0].name = "picture";
  train.data.kind = "safetensors";
  train.data.files = one;
  train.data.fields = fields;
  expectError({"train"}, 1, "d.safetensors: holds no array 'picture', it holds 'label' and 'image'");
}

TEST_F(ProgramTest, DropNeedsAFullBatch) {
  std::vector<uint8_t> images(20 * 784), labels(20);
  ASSERT_FALSE(
      writeSafetensors("d.safetensors",
                       {{"label", NNRT_U8, {20}, labels.data()}, {"image", NNRT_U8, {20, 28, 28}, images.data()}}, {})
          .failed());
  const char *file[] = {"d.safetensors"};
  train.data.kind = "safetensors";
  train.data.files = file;
  train.drop_last = 1;
  expectError(
      {"train"}, 1,
      "the data holds 18 records, fewer than one batch of 32: with last_batch = drop there is nothing to train on");
  train.drop_last = 0;
  EXPECT_EQ(run({"train", "--epochs", "2"}).error, ""); // carry: a batch may see an example twice
}

TEST_F(ProgramTest, PicturesAreNotRead) {
  ASSERT_EQ(run({"train", "--data", "builtin", "--steps", "1", "--quiet"}).exit, 0);
  std::ofstream("a.png", std::ios::binary) << "\x89PNG\r\n\x1a\n";
  expectError({"predict", "a.png"}, 1,
              "a.png: is a PNG or JPEG picture, which this program does not read: compile it with nnc --with=images, "
              "or save the pixels as a .npy file");
}

TEST_F(ProgramTest, PredictsOfSomething) {
  ASSERT_EQ(run({"train", "--data", "builtin", "--steps", "1", "--quiet"}).exit, 0);
  uint8_t none = 0;
  ASSERT_FALSE(writeSafetensors("none.safetensors", {{"image", NNRT_U8, {0, 1, 28, 28}, &none}}, {}).failed());
  expectError({"predict", "none.safetensors", "--out", "out.npy"}, 1, "none.safetensors: holds no records");
}

TEST_F(ProgramTest, FoldersAndFilesWithoutPermission) {
  ASSERT_EQ(run({"train", "--data", "builtin", "--steps", "1", "--quiet"}).exit, 0);
  expectError({"info", "."}, 1, "'.' is not a regular file");
  std::ofstream("empty.npy");
  expectError({"predict", "empty.npy"}, 1,
              "empty.npy: is none of IDX, .npy, .npz and .safetensors: save the input as one of these (numpy.save "
              "writes .npy)");
  std::ofstream("file") << "x";
  expectError({"eval", "--data", "builtin", "--quiet", "--report", "file/r"}, 1,
              "cannot make the folder 'file/r' (Not a directory): choose another one with --report");
}

/// Evaluations that a report makes of 10,000 records in batches of 32.
static int evaluations = 0;

TEST_F(ProgramTest, ReportsMeasureFewRecordsOfACrossEntropy) {
  ASSERT_EQ(run({"train", "--data", "builtin", "--steps", "1", "--quiet"}).exit, 0);
  std::vector<nnrt_launch> launches;
  for (nnrt_entry &entry : entries)
    if (!strcmp(entry.name, "evaluate")) {
      launches.assign(entry.launches, entry.launches + entry.n_launches);
      launches.push_back({[](char *, const int64_t *, int64_t, int64_t) { ++evaluations; }, nullptr, nullptr, 1, 1, 0});
      entry.launches = launches.data();
      ++entry.n_launches;
    }
  EXPECT_EQ(run({"eval", "--data", "builtin", "--quiet", "--report", "r"}).error, "");
  EXPECT_GE(evaluations, 2 * 313 + 25);
  EXPECT_LT(evaluations, 2 * 313 + 200);
}

TEST_F(ProgramTest, BenchRejectsOtherCommands) {
  for (const char *command : {"RUN", "RUN 4x"}) {
    std::ofstream("commands") << command << "\n";
    ASSERT_TRUE(freopen("commands", "r", stdin));
    expectError({"bench"}, 2,
                std::string("bench reads RUN n, INFO or QUIT on its standard input, not '") + command + "'");
  }
}
