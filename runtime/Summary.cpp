// `summary`: the rows that the compiler computed, and their totals as plain integers.
#include "Program.h"
#include "Type.h"
#include <algorithm>
#include <cstdio>

namespace nnrt {

Status runSummary(const Invocation &invocation) {
  const nnrt_model &model = invocation.model;
  std::vector<std::vector<std::string>> rows{
      {"layer", "kind", "output", "parameters", "FLOPs", "bytes", "receptive field"}};
  for (int64_t i = 0; i < model.n_layers; ++i) {
    const nnrt_layer &layer = model.layers[i];
    rows.push_back({layer.path, layer.kind, shapeText(layer.shape, size_t(layer.rank)),
                    format("%lld", (long long)layer.parameters), format("%lld", (long long)layer.flops),
                    format("%lld", (long long)layer.bytes),
                    layer.receptive_field ? format("%lld", (long long)layer.receptive_field) : "-"});
  }
  constexpr size_t texts = 3; // the first columns are flush left, the numbers flush right
  std::vector<size_t> width(rows[0].size());
  for (const auto &row : rows)
    for (size_t c = 0; c < row.size(); ++c)
      width[c] = std::max(width[c], row[c].size());
  for (const auto &row : rows) {
    for (size_t c = 0; c < row.size(); ++c)
      printf(c < texts ? "%s%-*s" : "%s%*s", c ? "  " : "", int(width[c]), row[c].c_str());
    printf("\n");
  }
  int64_t trainable = 0, fixed = 0;
  for (int64_t i = 0; i < model.n_owned; ++i) {
    int64_t elements = elementsOf(model.owned[i].shape, model.owned[i].rank);
    trainable += model.owned[i].role == NNRT_PARAM ? elements : 0;
    fixed += model.owned[i].role == NNRT_STATE ? elements : 0;
  }
  printf("\n%lld trainable\n%lld not trainable\n%lld FLOPs for one example, forward\n", (long long)trainable,
         (long long)fixed, (long long)model.flops);
  return {};
}

} // namespace nnrt
