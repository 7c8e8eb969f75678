"""Prints a module with one loop over 4096 numbers per elementary function: v_exp(x, y) and so on, v_pow(x, z, y)."""
import sys

LANES = int(sys.argv[1])
BODY = """func.func @v_{name}({arguments}, %y: memref<4096xf32>) {{
  %c0 = arith.constant 0 : index
  %step = arith.constant {lanes} : index
  %n = arith.constant 4096 : index
  scf.for %i = %c0 to %n step %step {{
{loads}
{formula}
    {store}
  }}
  return
}}"""
type_ = f"vector<{LANES}xf32>" if LANES > 1 else "f32"
for name, op, names in [(f, f, "x") for f in ("exp", "expm1", "log", "log1p", "tanh", "erf", "sin", "cos")] + [("pow", "powf", "xz")]:
    load = "    %v{0} = vector.load %{0}[%i] : memref<4096xf32>, " + type_ if LANES > 1 else "    %v{0} = memref.load %{0}[%i] : memref<4096xf32>"
    store = f"vector.store %r, %y[%i] : memref<4096xf32>, {type_}" if LANES > 1 else "memref.store %r, %y[%i] : memref<4096xf32>"
    operands = ", ".join(f"%v{v}" for v in names)
    formula = f"    %r = math.{op} {operands} : {type_}"
    print(BODY.format(name=name, op=op, lanes=LANES, type=type_, store=store,
                      arguments=", ".join(f"%{v}: memref<4096xf32>" for v in names),
                      loads="\n".join(load.format(v) for v in names), formula=formula))
