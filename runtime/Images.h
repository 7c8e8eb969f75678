// Pictures in folders, one folder per class.
#ifndef NNRT_IMAGES_H
#define NNRT_IMAGES_H
#include "Dataset.h"

namespace nnrt {

/// Fields `image` (u8[channels, height, width]) and `label` (i32): the place of the folder's name among the classes,
/// which are those of the train block, of the weights (`place.vocabulary`, one per line), or the names of the folders
/// in order. A picture is decoded when a batch first needs it.
Status openImages(const nnrt_source &source, const DataPlace &place, const std::string &advice,
                  std::unique_ptr<Dataset> &dataset);

} // namespace nnrt
#endif
