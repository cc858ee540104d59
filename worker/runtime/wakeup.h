#pragma once

namespace holdfast::worker {

/// An eventfd that wakes the loop. Owner: the loop; it outlives every thread that may wake it.
/// Thread: Wake from any, the rest from the loop.
class Wakeup {
  public:
    Wakeup();
    ~Wakeup();
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    void Wake();
    void Clear();
    int fd() const { return fd_; }

  private:
    int fd_;
};

}  // namespace holdfast::worker
