// Members, gates and the division of work. The only place where threads that compute wait for each other.
#include "Team.h"
#include "Machine.h"
#include <algorithm>
#include <cstring>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace nnrt {

static void pauseCpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t(1000000000) + now.tv_nsec;
}

void Gate::advance() {
  // seq_cst on the counter and on `sleepers`: either the waiter sees the new value before it sleeps, or we see the
  // waiter.
  value.fetch_add(1, std::memory_order_seq_cst);
  if (sleepers.load(std::memory_order_seq_cst))
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&value), FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

void Gate::await(uint32_t old, int64_t spinNanoseconds) {
  if (spinNanoseconds > 0) {
    int64_t end = 0;
    for (int turn = 0;; ++turn) {
      if (value.load(std::memory_order_acquire) != old)
        return;
      pauseCpu();
      if (turn % 64 != 63) // a look at the clock costs as much as many turns
        continue;
      int64_t now = nanoseconds();
      if (!end)
        end = now + spinNanoseconds;
      else if (now > end)
        break;
    }
  }
  sleepers.fetch_add(1, std::memory_order_seq_cst);
  while (value.load(std::memory_order_seq_cst) == old)
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&value), FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
  sleepers.fetch_sub(1, std::memory_order_relaxed);
}

// Owners that are no member: nobody yet, or more than one.
static constexpr int nobody = -1, several = -2;

static void nothing(char *, const int64_t *, int64_t, int64_t) {}

Plan::Plan(const nnrt_launch *launches, int64_t count, int threads) : threads(threads) {
  items.reserve(count);
  Turn turn{nobody};
  add(launches, count, turn);
  isSerial = threads == 1 || std::all_of(items.begin(), items.end(), [](const Item &item) {
               return !item.kernel || (!item.first && !item.meetBefore && item.tasks == 1);
             });
  for (int member = 0; member < threads; ++member)
    rounds.push_back(Rounds::of(items.data(), items.size()));
}

/// Launches between two barriers are independent of each other, so narrow ones go round the members.
void Plan::add(const nnrt_launch *launches, int64_t count, Turn &turn) {
  for (int64_t i = 0; i < count; ++i) {
    const nnrt_launch &launch = launches[i];
    if (!launch.kernel) {
      addLoop(launch, turn);
      i += launch.count;
      continue;
    }
    turn.barrier = turn.barrier || launch.barrier; // one on a launch without tasks holds for those behind it
    if (launch.tasks <= 0)
      continue;
    // Where a barrier stands, the stretch up to the next one decides whether a single member can go on alone.
    bool meet = false;
    if (turn.barrier && turn.owner != nobody) {
      int64_t end = i + 1;
      while (end < count && launches[end].kernel && !launches[end].barrier)
        ++end;
      bool goesOn = end == i + 1 && launch.tasks == 1 && turn.owner >= 0;
      turn.next = goesOn ? turn.owner : 0;
      meet = !goesOn;
      if (meet)
        turn.owner = nobody;
    }
    turn.barrier = false;
    int users = int(std::min<int64_t>(launch.tasks, threads));
    items.push_back({launch.kernel, launch.args, launch.strides, launch.tasks, launch.count, int32_t(turn.next), meet});
    turn.owner = users == 1 && (turn.owner == nobody || turn.owner == turn.next) ? turn.next : several;
    if (users < threads)
      turn.next = (turn.next + users) % threads;
  }
}

/// All members wait for each other in every round, unless one of them does it all.
void Plan::addLoop(const nnrt_launch &loop, Turn &turn) {
  const nnrt_launch *body = &loop + 1;
  bool isNarrow = std::all_of(body, body + loop.count, [](const nnrt_launch &l) { return !l.kernel || l.tasks <= 1; });
  if (isNarrow && turn.owner != nobody && turn.owner != 0) // all wait once, in front of the loop
    items.push_back({nothing, nullptr, nullptr, 0, 0, 0, true});
  size_t at = items.size();
  items.push_back({nullptr, nullptr, nullptr, loop.tasks, 0, 0, false});
  Turn inside{several};
  add(body, loop.count, inside);
  items[at].count = int32_t(items.size() - at - 1);
  turn = isNarrow ? Turn{0, 1 % threads} : Turn{several};
  for (size_t i = at + 1; isNarrow && i < items.size(); ++i) {
    items[i].first = 0;
    items[i].meetBefore = false;
  }
}

template <typename Meet>
void Plan::execute(int me, char *arena, Meet meet) const {
  auto run = [&](const Item &item, const int64_t *args) {
    if (item.meetBefore)
      meet();
    int64_t share = me - item.first;
    if (share < 0)
      share += threads;
    int64_t users = std::min<int64_t>(item.tasks, threads);
    if (share >= users)
      return;
    int64_t size = item.tasks / users, rest = item.tasks % users;
    int64_t low = share * size + std::min(share, rest);
    item.kernel(arena, args, low, low + size + (share < rest));
  };
  forEachLaunch(items.data(), items.data() + items.size(), rounds[me], run);
}

Status Team::start(int wanted) {
  threads = wanted;
  // Spinning helps only where every member has a CPU of its own.
  spinNanoseconds = threads <= onlineCpus() ? 50000 : 0;
  members.resize(threads - 1);
  std::vector<std::atomic<int>>(threads).swap(cpus);
  for (int i = 1; i < threads; ++i) {
    Member &member = members[i - 1];
    member.team = this;
    member.number = i;
    if (int error = pthread_create(&member.thread, nullptr, enter, &member)) {
      members.resize(i - 1);
      return machine("cannot start %d threads (%s): ask for fewer with --threads", threads, strerror(error));
    }
  }
  return {};
}

Team::~Team() {
  plan = nullptr;
  begin.advance();
  for (Member &member : members)
    pthread_join(member.thread, nullptr);
}

void *Team::enter(void *argument) {
  Member &member = *static_cast<Member *>(argument);
  FloatingPointMode mode;
  member.team->work(member.number);
  return nullptr;
}

void Team::work(int me) {
  for (uint32_t call = 0;; ++call) {
    begin.await(call, spinNanoseconds);
    if (!plan)
      return;
    spread(me);
    plan->execute(me, arena, [this] { meet(); });
    meet();
  }
}

void Team::spread(int me) {
  if (spinNanoseconds == 0)
    return;
  int here = sched_getcpu();
  auto isTaken = [&](int cpu, int by) {
    return std::any_of(cpus.begin(), cpus.begin() + by,
                       [cpu](const std::atomic<int> &other) { return other.load(std::memory_order_relaxed) == cpu; });
  };
  cpu_set_t allowed;
  if (isTaken(here, me) && sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &allowed) || isTaken(cpu, threads))
        continue;
      cpu_set_t only;
      CPU_ZERO(&only);
      CPU_SET(cpu, &only);
      if (sched_setaffinity(0, sizeof only, &only) == 0) // moves at once; from there on it may go anywhere again
        sched_setaffinity(0, sizeof allowed, &allowed);
      here = cpu;
      break;
    }
  if (cpus[me].load(std::memory_order_relaxed) != here)
    cpus[me].store(here, std::memory_order_relaxed);
}

void Team::meet() {
  uint32_t round = passed.now(); // cannot move before this member has arrived
  if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
    arrived.store(0, std::memory_order_relaxed);
    passed.advance();
  } else {
    passed.await(round, spinNanoseconds);
  }
}

void Team::run(const Plan &next, char *memory) {
  FloatingPointMode mode;
  if (next.serial()) {
    next.execute(0, memory, [] {});
    return;
  }
  plan = &next;
  arena = memory;
  spread(0);
  begin.advance();
  next.execute(0, memory, [this] { meet(); });
  meet();
}

} // namespace nnrt
