// Logs of runs as a picture.
#ifndef NNRT_PLOT_H
#define NNRT_PLOT_H
#include "Message.h"

namespace nnrt {

/// The learning curves of logs that `--log` has written or is writing, one chart per quantity, as SVG.
Status pictureOfLogs(const std::vector<std::string> &files, std::string &svg);

} // namespace nnrt
#endif
