// Groups, kernels and launches: syntax and checks.
#include "dialect/NN.h"

using namespace mlir;
using namespace nn;

void YieldOp::build(OpBuilder &, OperationState &) {}

// ---- group: nn.group (%a = %x : type, ...) -> types attr-dict { ... }

ParseResult GroupOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<Type> types;
  auto parseOne = [&] {
    return failure(parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
                   parser.parseOperand(operands.emplace_back()) || parser.parseColonType(types.emplace_back()));
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseOne) ||
      parser.parseArrowTypeList(result.types) || parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  for (auto [argument, type] : llvm::zip(arguments, types))
    argument.type = type;
  return failure(parser.resolveOperands(operands, types, parser.getNameLoc(), result.operands) ||
                 parser.parseRegion(*result.addRegion(), arguments));
}

void GroupOp::print(OpAsmPrinter &p) {
  p << " (";
  llvm::interleaveComma(llvm::zip(getBody().getArguments(), getInputs()), p, [&](auto pair) {
    p << std::get<0>(pair) << " = " << std::get<1>(pair) << " : " << std::get<1>(pair).getType();
  });
  p << ")";
  p.printArrowTypeList(getResultTypes());
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs());
  p << " ";
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult GroupOp::verify() {
  Block &body = getBody().front();
  if (!llvm::equal(body.getArgumentTypes(), getInputs().getTypes()))
    return emitOpError("has other operands than its body has arguments");
  if (!llvm::equal(body.getTerminator()->getOperandTypes(), getResultTypes()))
    return emitOpError("has other results than its body yields");
  return success();
}

// ---- kernel: nn.kernel @name(%a: type, ...) -> types tasks N attr-dict { ... }

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Type> results;
  int64_t tasks;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes) ||
      parser.parseArgumentList(arguments, OpAsmParser::Delimiter::Paren, /*allowType=*/true) ||
      parser.parseArrowTypeList(results) || parser.parseKeyword("tasks") || parser.parseInteger(tasks) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseRegion(*result.addRegion(), arguments))
    return failure();
  result.addAttribute(getTasksAttrName(result.name), parser.getBuilder().getI64IntegerAttr(tasks));
  return success();
}

void KernelOp::print(OpAsmPrinter &p) {
  p << " ";
  p.printSymbolName(getSymName());
  p << "(";
  llvm::interleaveComma(getBody().getArguments(), p, [&](BlockArgument a) { p.printRegionArgument(a); });
  p << ")";
  p.printArrowTypeList(getBody().front().getTerminator()->getOperandTypes());
  p << " tasks " << getTasks();
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getSymNameAttrName(), getTasksAttrName()});
  p << " ";
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

// ---- launch

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("runs ") << getKernelAttr() << ", which is no kernel of this module";
  Block &body = kernel.getBody().front();
  // Equal kernels are shared between tensors whose elements lie alike: shapes may differ, sizes may not.
  auto fits = [](Type a, Type b) {
    auto x = cast<RankedTensorType>(a), y = cast<RankedTensorType>(b);
    return x.getNumElements() == y.getNumElements() && x.getElementType() == y.getElementType();
  };
  if (!llvm::equal(body.getArgumentTypes(), getInputs().getTypes(), fits) ||
      !llvm::equal(body.getTerminator()->getOperandTypes(), getResultTypes(), fits))
    return emitOpError("gives ") << getKernelAttr() << " other operands or expects other results than it has";
  return success();
}
