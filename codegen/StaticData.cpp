// Static data as LLVM constants. Knows C's layout and nothing of what the structures mean.
#include "codegen/StaticData.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Module.h"

using namespace llvm;
using nn::StaticData;

Constant *StaticData::i32(int64_t value) {
  return ConstantInt::getSigned(Type::getInt32Ty(module.getContext()), value);
}
Constant *StaticData::i64(int64_t value) {
  return ConstantInt::getSigned(Type::getInt64Ty(module.getContext()), value);
}
Constant *StaticData::f64(double value) { return ConstantFP::get(Type::getDoubleTy(module.getContext()), value); }
Constant *StaticData::null() { return ConstantPointerNull::get(PointerType::get(module.getContext(), 0)); }

Constant *StaticData::global(Constant *value) {
  auto *variable =
      new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, value, "nn.data");
  variable->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  return variable;
}

Constant *StaticData::string(StringRef text) {
  Constant *&known = strings[text];
  if (!known)
    known = global(ConstantDataArray::getString(module.getContext(), text));
  return known;
}

Constant *StaticData::array(ArrayRef<int64_t> values) {
  if (values.empty())
    return null();
  SmallVector<uint64_t> bits(values.begin(), values.end());
  return global(ConstantDataArray::get(module.getContext(), bits));
}

Constant *StaticData::table(ArrayRef<Constant *> values) {
  if (values.empty())
    return null();
  return global(ConstantArray::get(ArrayType::get(values.front()->getType(), values.size()), values));
}

Constant *StaticData::structure(ArrayRef<Constant *> fields) {
  return ConstantStruct::getAnon(module.getContext(), fields);
}

Constant *StaticData::function(StringRef name) {
  auto *type = FunctionType::get(Type::getVoidTy(module.getContext()), /*isVarArg=*/false);
  auto *callee = cast<Function>(module.getOrInsertFunction(name, type).getCallee());
  callee->setVisibility(GlobalValue::HiddenVisibility);
  return callee;
}

void StaticData::exported(StringRef name, Constant *value) {
  new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::ExternalLinkage, value, name);
}
