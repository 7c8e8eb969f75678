// Runs the frontend on mutations of programs without libFuzzer. usage: fuzz-frontend [--runs=N] [--seed=N]
// [--current=FILE] SEED... Each input is written to FILE before it runs, so that it is there after a crash; one that
// takes more than 10 s of processor time is an error.
#include "test/frontend/fuzz/Mutations.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const std::string &text, const std::string &current) {
  if (!current.empty())
    std::ofstream(current, std::ios::trunc) << text;
  std::clock_t start = std::clock();
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  double taken = double(std::clock() - start) / CLOCKS_PER_SEC;
  if (taken > 10) {
    printf("this took %.1f s:\n%s", taken, text.c_str());
    exit(1);
  }
}

int main(int argc, char **argv) {
  uint64_t runs = 0, seed = 1;
  std::string current;
  std::vector<std::string> programs;
  for (int i = 1; i < argc; ++i) {
    if (!strncmp(argv[i], "--runs=", 7))
      runs = strtoull(argv[i] + 7, nullptr, 10);
    else if (!strncmp(argv[i], "--seed=", 7))
      seed = strtoull(argv[i] + 7, nullptr, 10);
    else if (!strncmp(argv[i], "--current=", 10))
      current = argv[i] + 10;
    else
      for (const std::string &program : nn::fuzz::programsOf(argv[i]))
        programs.push_back(program);
  }
  nn::fuzz::Mutator mutator;
  for (const std::string &program : programs) {
    mutator.learn(program);
    run(program, current);
  }
  std::mt19937_64 random(seed);
  std::vector<std::string> pool = programs; // mutations of mutations, too
  for (uint64_t i = 0; i < runs && !pool.empty(); ++i) {
    std::string text = mutator.mutate(pool[random() % pool.size()], random());
    run(text, current);
    if (random() % 4 == 0 && text.size() < 4000) {
      if (pool.size() < programs.size() + 200)
        pool.push_back(text);
      else
        pool[programs.size() + random() % 200] = text;
    }
  }
  printf("%zu programs, %llu mutations\n", programs.size(), static_cast<unsigned long long>(runs));
  return programs.empty();
}
