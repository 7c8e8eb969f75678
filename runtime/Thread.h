// A thread that may fail to start: std::thread throws, and the runtime is built without exceptions.
#ifndef NNRT_THREAD_H
#define NNRT_THREAD_H
#include <functional>
#include <pthread.h>

namespace nnrt {

class Thread {
public:
  Thread() = default;
  Thread(const Thread &) = delete;
  Thread &operator=(const Thread &) = delete;
  /// 0, or the error number. It can be started once.
  int start(std::function<void()> body) {
    work = std::move(body);
    int error = pthread_create(&thread, nullptr, enter, &work);
    runs = error == 0;
    return error;
  }
  bool joinable() const { return runs; }
  void join() {
    pthread_join(thread, nullptr);
    runs = false;
  }

private:
  static void *enter(void *work) {
    (*static_cast<std::function<void()> *>(work))();
    return nullptr;
  }

  std::function<void()> work;
  pthread_t thread{};
  bool runs = false;
};

} // namespace nnrt
#endif
