// Going through an entry's launches, round by round where they stand in loops.
#ifndef NNRT_LOOPS_H
#define NNRT_LOOPS_H
#include "abi.h"
#include <algorithm>
#include <vector>

namespace nnrt {

/// What one who goes through launches remembers: the rounds of the loops around, and the args in them.
struct Rounds {
  std::vector<int64_t> now, args;

  /// Makes room for `count` launches, so that nothing is allocated on the way. `Launch`: nnrt_launch, or with the same
  /// members.
  template <typename Launch>
  static Rounds of(const Launch *launches, int64_t count) {
    Rounds rounds;
    int64_t loops = 0, most = 0;
    for (int64_t i = 0; i < count; ++i) {
      loops += !launches[i].kernel;
      if (launches[i].kernel)
        most = std::max<int64_t>(most, launches[i].count);
    }
    rounds.now.reserve(loops);
    rounds.args.resize(most);
    return rounds;
  }

  /// The args of a launch in these rounds.
  template <typename Launch>
  const int64_t *argsOf(const Launch &launch) {
    if (!launch.strides)
      return launch.args;
    std::copy(launch.args, launch.args + launch.count, args.begin());
    const int64_t *strides = launch.strides;
    for (int64_t round : now)
      for (int32_t i = 0; i < launch.count; ++i)
        args[i] += round * *strides++;
    return args.data();
  }
};

/// Calls run(launch, args) for every launch from `launch` up to `end`, in order, those in loops in every round.
template <typename Launch, typename Run>
void forEachLaunch(const Launch *launch, const Launch *end, Rounds &rounds, const Run &run) {
  for (; launch != end; ++launch) {
    if (launch->kernel) {
      run(*launch, rounds.argsOf(*launch));
      continue;
    }
    rounds.now.push_back(0);
    for (; rounds.now.back() < launch->tasks; ++rounds.now.back())
      forEachLaunch(launch + 1, launch + 1 + launch->count, rounds, run);
    rounds.now.pop_back();
    launch += launch->count;
  }
}

} // namespace nnrt
#endif
