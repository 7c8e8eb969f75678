// Elements by type, and the header of .npy files.
#include "tools/reference/HostArray.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>

using namespace mlir;
using namespace nn;

int64_t nn::elementBytes(Type element) { return (element.getIntOrFloatBitWidth() + 7) / 8; }

HostArray::HostArray(RankedTensorType type)
    : type(type), bytes(type.getNumElements() * elementBytes(type.getElementType())) {}

/// Element i as a host type.
template <typename T>
static T load(ArrayRef<char> bytes, int64_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

double HostArray::at(int64_t i) const {
  Type element = type.getElementType();
  if (element.isF32())
    return double(load<float>(bytes, i));
  if (element.isF64())
    return load<double>(bytes, i);
  int64_t width = elementBytes(element);
  uint64_t bits = 0;
  std::memcpy(&bits, bytes.data() + i * width, width);
  if (auto real = dyn_cast<FloatType>(element)) {
    APFloat value(real.getFloatSemantics(), APInt(real.getWidth(), bits));
    bool inexact;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &inexact);
    return value.convertToDouble();
  }
  if (element.isUnsignedInteger() || element.isInteger(1))
    return double(bits);
  return double(llvm::SignExtend64(bits, width * 8));
}

void HostArray::set(int64_t i, double value) {
  Type element = type.getElementType();
  int64_t width = elementBytes(element);
  uint64_t bits = isa<FloatType>(element) ? 0 : uint64_t(int64_t(value));
  if (element.isF32()) {
    auto rounded = float(value);
    std::memcpy(bytes.data() + i * width, &rounded, width);
    return;
  }
  if (auto real = dyn_cast<FloatType>(element)) {
    APFloat rounded(value);
    bool inexact;
    rounded.convert(real.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    bits = rounded.bitcastToAPInt().getZExtValue();
  }
  std::memcpy(bytes.data() + i * width, &bits, width);
}

/// numpy's name of an element type; empty where it has none.
static StringRef descriptor(Type element) {
  if (element.isF64())
    return "<f8";
  if (element.isF32())
    return "<f4";
  if (element.isF16())
    return "<f2";
  if (element.isInteger(1))
    return "|b1";
  if (element.isInteger(8))
    return element.isUnsignedInteger() ? "|u1" : "|i1";
  return element.isInteger(32) ? "<i4" : element.isInteger(64) ? "<i8" : "";
}

/// The header's dictionary, without its padding.
static std::string dictionary(RankedTensorType type) {
  std::string shape;
  for (int64_t n : type.getShape())
    shape += std::to_string(n) + ", ";
  // As numpy prints a tuple: (3,) and (4, 3).
  if (type.getRank() > 0)
    shape.resize(shape.size() - (type.getRank() == 1 ? 1 : 2));
  return ("{'descr': '" + descriptor(type.getElementType()) + "', 'fortran_order': False, 'shape': (" + shape + "), }")
      .str();
}

llvm::FailureOr<HostArray> nn::readNpy(llvm::StringRef path, RankedTensorType type) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file) {
    llvm::errs() << path << ": " << file.getError().message() << "\n";
    return failure();
  }
  StringRef text = (*file)->getBuffer();
  uint16_t length = 0;
  if (text.starts_with(StringRef("\x93NUMPY\x01\0", 8)) && text.size() >= 10)
    std::memcpy(&length, text.data() + 8, 2);
  StringRef header = text.substr(10, length).rtrim(),
            data = text.drop_front(std::min<size_t>(10 + length, text.size()));
  HostArray array(type);
  if (header != dictionary(type) || data.size() != array.bytes.size()) {
    llvm::errs() << path << ": holds " << header << " where " << type << " is wanted\n";
    return failure();
  }
  std::memcpy(array.bytes.data(), data.data(), data.size());
  return array;
}

llvm::LogicalResult nn::writeNpy(llvm::StringRef path, const HostArray &array) {
  std::error_code error;
  llvm::raw_fd_ostream out(path, error);
  if (error || descriptor(array.type.getElementType()).empty()) {
    llvm::errs() << path << ": " << (error ? error.message() : "numpy has no such element type") << "\n";
    return failure();
  }
  std::string header = dictionary(array.type);
  header.resize(llvm::alignTo(header.size() + 11, 64) - 11, ' ');
  header += '\n';
  uint16_t length = header.size();
  out << StringRef("\x93NUMPY\x01\0", 8);
  out.write(reinterpret_cast<const char *>(&length), 2);
  out << header;
  out.write(array.bytes.data(), array.bytes.size());
  return success();
}
