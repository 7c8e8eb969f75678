//===- Augment.h - Random changes of records ----------------------------------------------------------------------===//
//
// The entry `augment` of a train block: which fields are changed in training, and how.
//
//===--------------------------------------------------------------------------------------------------------------===//
#ifndef NN_FRONTEND_AUGMENT_H
#define NN_FRONTEND_AUGMENT_H

#include "frontend/DataSource.h"

namespace nn::frontend {

struct Augment {
  std::string field, kind;
  double value =
      0; ///< random_crop: padding; random_flip: 1 upside down; random_rotation: degrees; random_noise: deviation
};

/// Reads `{image: [random_crop(32, padding: 4), random_flip]}`; false after an error.
bool readAugment(Evaluator &evaluator, const Expr &expr, const DataSource &data, std::vector<Augment> &augment);

/// [{field, kind, value}]
mlir::ArrayAttr toAttribute(llvm::ArrayRef<Augment> augment, mlir::MLIRContext *context);

} // namespace nn::frontend

#endif // NN_FRONTEND_AUGMENT_H
