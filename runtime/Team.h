// The small team of threads that executes launches. One call of run() is one region: the members meet only where the
// plan says so, spin briefly when they wait, then sleep in the kernel; between calls all but the caller sleep. Which
// thread does what depends on the plan and the number of members alone.
#ifndef NNRT_TEAM_H
#define NNRT_TEAM_H
#include "Loops.h"
#include "Message.h"
#include "abi.h"
#include <atomic>
#include <memory>
#include <pthread.h>
#include <vector>

namespace nnrt {

/// A list of launches prepared for a team of a certain size.
class Plan {
public:
  Plan() = default;
  /// Barriers are kept only where the work before and behind them is done by different threads.
  Plan(const nnrt_launch *launches, int64_t count, int threads);
  /// Does member `me`'s part of the plan; `meet()` is called at every barrier.
  template <typename Meet>
  void execute(int me, char *arena, Meet meet) const;
  /// True where a single thread has all the work.
  bool serial() const { return isSerial; }

private:
  /// As nnrt_launch.
  struct Item {
    nnrt_kernel *kernel;
    const int64_t *args, *strides;
    int64_t tasks;
    int32_t count;
    int32_t first;   // the member that takes the first share
    bool meetBefore; // wait for all members
  };
  /// Who has worked since the last barrier kept.
  struct Turn {
    int owner, next = 0; // the only one that has, and whose turn it is
    bool barrier = false;
  };
  void add(const nnrt_launch *launches, int64_t count, Turn &turn);
  void addLoop(const nnrt_launch &loop, Turn &turn);

  std::vector<Item> items;
  mutable std::vector<Rounds> rounds; // per member
  int threads = 1;
  bool isSerial = true;
};

/// A counter that members wait on until it moves.
class Gate {
public:
  uint32_t now() const { return value.load(std::memory_order_acquire); }
  /// Moves the counter and wakes who sleeps.
  void advance();
  /// Returns when the counter is no longer `old`: spins for `spinNanoseconds`, then sleeps.
  void await(uint32_t old, int64_t spinNanoseconds);

private:
  alignas(128) std::atomic<uint32_t> value{0};
  std::atomic<uint32_t> sleepers{0};
};

class Team {
public:
  Team() = default;
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;
  ~Team();

  /// Starts `threads` - 1 threads; the caller of run() is the first member.
  Status start(int threads);
  int size() const { return threads; }
  /// Executes a plan made for size() threads; returns when all of it is done.
  void run(const Plan &plan, char *arena);

private:
  struct Member {
    Team *team = nullptr;
    int number = 0;
    pthread_t thread{};
  };
  static void *enter(void *member);
  void work(int me);
  void meet();
  /// Moves the calling member to a CPU of its own where it shares one with a member before it: a kernel that sees them
  /// spin and sleep in turn may leave them so, while other CPUs are idle.
  void spread(int me);

  int threads = 1;
  int64_t spinNanoseconds = 0;
  std::vector<Member> members;
  std::vector<std::atomic<int>> cpus; ///< where each member ran when it began its last call
  Gate begin, passed;
  alignas(128) std::atomic<int> arrived{0};
  // Written by the caller before begin.advance(), read by the members behind it.
  alignas(128) const Plan *plan = nullptr;
  char *arena = nullptr;
};

} // namespace nnrt
#endif
