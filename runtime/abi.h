/* What generated code and the runtime agree upon: kernels, launches, entries and the model's description.
 *
 * A compiled model is one constant `nnrt_model`. It describes an arena (one allocation, whose size is known when
 * compiling), the tensors that live in it, and entry functions, each a list of launches of kernels over that arena.
 * The runtime owns the memory, the threads and the order of the loop; generated code owns the arithmetic.
 * Everything here is plain data: no constructor runs, nothing is allocated, several models fit in one process.
 */
#ifndef NNRT_ABI_H
#define NNRT_ABI_H
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define NNRT_ABI_VERSION 7

/* Computes tasks lo..hi-1 of a kernel. `args` are byte offsets into `arena`, one per operand, then one per result. */
typedef void nnrt_kernel(char *arena, const int64_t *args, int64_t lo, int64_t hi);

/* One launch: the runtime splits `tasks` among its threads. `barrier` is 1 where the launch reads or overwrites what a
 * launch since the last barrier wrote or read: all earlier tasks must be done first.
 * Without kernel it is a loop: the next `count` launches run `tasks` times. The first of them has a barrier, and so has
 * the one behind the loop. In round r of a loop, args[i] is larger by r * strides[i]; in loops in loops, `strides` has
 * a row per loop, the outermost first. Outside loops it is null. */
typedef struct nnrt_launch {
  nnrt_kernel *kernel;
  const int64_t *args;
  const int64_t *strides;
  int64_t tasks;
  int32_t barrier;
  int32_t count; /* of args; of a loop: launches, with those of loops inside */
} nnrt_launch;

typedef enum nnrt_type {
  NNRT_F32,
  NNRT_F64,
  NNRT_BF16,
  NNRT_F16,
  NNRT_I32,
  NNRT_I64,
  NNRT_I8,
  NNRT_U8,
  NNRT_BOOL
} nnrt_type;

/* What a tensor is to its entry. PARAM, STATE, SLOT, CARRIED, TALLY are owned: they lie in the persistent part of the
 * arena, at the same offset in every entry. All others live for one call of an entry. */
typedef enum nnrt_role {
  NNRT_PARAM,       /* trained */
  NNRT_STATE,       /* carried between steps, not trained */
  NNRT_SLOT,        /* belongs to the optimizer; name is PATH/SLOT */
  NNRT_CARRIED,     /* carried from batch to batch of an epoch, row by row; 0 at its beginning, not in weight files */
  NNRT_TALLY,       /* sums over the batches of an evaluation; name is METRIC/TALLY, "loss/sum", "loss/weight" (f64) */
  NNRT_RECORD,      /* in: a field of the data as stored (bytes, ids), one batch; name is the field's */
  NNRT_INPUT,       /* in: an input that the model declares, one batch */
  NNRT_SEED,        /* in: i64 scalar */
  NNRT_STEP,        /* in: i64 scalar, from 0 */
  NNRT_TOTAL,       /* in: i64 scalar, steps of the whole run */
  NNRT_VALID,       /* in: i32 scalar, rows of the batch that count (the first ones) */
  NNRT_HYPER,       /* in: f64 scalar that the command line may replace ("lr"); `value` is the default */
  NNRT_OUTPUT,      /* out: a result of the model */
  NNRT_LOSS,        /* out: f32 scalar */
  NNRT_RATE,        /* out: f64 scalar, the learning rate used */
  NNRT_NORM,        /* out: f32 scalar, the norm of all gradients before clipping */
  NNRT_GRADIENT,    /* out: gradient of the parameter or input `name` */
  NNRT_METRIC,      /* out: f64, a metric's result, a scalar or a table (rank 2); "loss" first */
  NNRT_EXAMPLES,    /* in: i64 scalar, records that one epoch of training draws */
  NNRT_VALIDATION,  /* in: f64 scalar, the last validation's result of this name ("loss" or a metric's); 0 before it */
  NNRT_VALIDATIONS, /* in: i64 scalar, how many validations there were */
  NNRT_INSPECT,     /* out: f32[5]: mean, deviation, smallest and largest element of the value `name`, how many are not
                       finite */
  NNRT_ASSERT,      /* out: i32 scalar, how many elements do not hold; name is FILE:LINE: and the assertion */
  NNRT_FACTS,       /* out: f32[2]: how many elements of what `name` says in words are NaN, and how many infinite */
  NNRT_SHIFT,       /* in: f64 scalar, how far the parameters of the layer `name` are moved along a random direction */
  NNRT_SLOPE        /* out: f64 scalar, the derivative of the loss for the shift of this name, 0 */
} nnrt_role;

typedef struct nnrt_tensor {
  const char *name;
  const int64_t *shape; /* logical extents, canonical row-major order */
  int64_t offset;       /* of its first byte in the arena, a multiple of 64 */
  int64_t bytes;
  double value; /* default of a NNRT_HYPER */
  int32_t rank;
  int32_t type; /* nnrt_type */
  int32_t role; /* nnrt_role */
  int32_t reserved;
} nnrt_tensor;

/* Entries by name, owned values apart, which most of them read:
 *   init             seed -> all owned tensors (parameters, state, slots) at step 0
 *   train_step       records, seed, step, total, examples, hypers, owned -> owned, loss, rate
 *   train_step_log   the same bits and also the gradients' norm (for --log)
 *   gradients        records, seed -> loss, gradients of all parameters and of floating-point inputs (in training mode;
 *                    nothing updated)
 *   gradients_input  the same from the model's inputs and the targets' records
 *   evaluate         records, valid, tallies -> tallies (added to)
 *   result           tallies -> metrics
 *   predict          inputs -> outputs
 *   predict_record   records -> outputs
 *   generate, generate_validation, generate_test   seed, step (the number of an example) -> its fields (outputs)
 *   slots            owned -> slots: their first values for weights that were loaded, where that matters
 *   export           owned -> outputs: what weight files hold in the place of the parameters of these names
 *   check_gradient   records, seed, shifts -> loss, slopes, in f64
 *   check_loss       records, seed, shifts -> loss, in f64
 *   diagnose         records, seed, step -> facts, in the order in which a training step comes to them
 * An entry that the model does not have is absent. */
typedef struct nnrt_entry {
  const char *name;
  const nnrt_tensor *tensors; /* inputs and outputs; owned tensors are listed in the model only */
  const nnrt_launch *launches;
  int64_t n_tensors, n_launches;
  int64_t batch; /* rows of its records or inputs; 1 where it has none */
} nnrt_entry;

/* Where records come from. */
typedef struct nnrt_field {
  const char *name;     /* field; for npz and safetensors also the array's name */
  const int64_t *shape; /* of one record, without the batch */
  int32_t rank, type;
  int64_t limit;              /* ids must be in 0..limit-1; 0: not an id (limit < 0: an id of unknown range) */
  int64_t ignored;            /* an id outside 0..limit-1 that is allowed, too: its positions do not count; 0: none */
  const char *const *columns; /* csv: one per element of a record; null: one, of the field's name */
  int64_t n_columns;
  int64_t column_range; /* 1: `columns` are the first and the last of a row of neighbours */
} nnrt_field;

typedef struct nnrt_option {
  const char *name;
  int64_t value;
} nnrt_option;

typedef struct nnrt_source { /* absent: kind is null */
  const char *kind; /* "idx" "npy" "npz" "safetensors" "csv" "cifar10" "images" "text" "generate", or a part of the
                       training data: "tail", "fraction" (value), "kfold" */
  const char *const *files; /* idx, npy: one per field; cifar10: any number; generate: the function; otherwise one */
  const nnrt_field *fields;
  int64_t n_files, n_fields;
  double value;
  const nnrt_option
      *options; /* text: window, stride, vocab; generate: records; kfold: folds, index, stratify (a field, from 1) */
  int64_t n_options;
} nnrt_source;

/* A random change of a field's records in training; those of one field happen in the order given. */
typedef struct nnrt_augment {
  const char *field;
  const char *kind; /* "random_crop" (value: padding), "random_flip" (value: 1 turns upside down), "random_rotation"
                       (value: degrees), "random_noise" (value: standard deviation, in units of the field) */
  double value;
} nnrt_augment;

/* Weights that training starts from. */
typedef struct nnrt_load {
  const char *file, *from, *into; /* prefixes of paths: in the file, in the model; may be empty */
  const char *const *except;      /* globs of what keeps its first value */
  int64_t n_except;
  int32_t by_order; /* pair by order and shape what does not match by name */
  int32_t reserved;
} nnrt_load;

/* Training ends where a result of the validation was not better `patience` times in a row. */
typedef struct nnrt_stop {
  const char *metric; /* "loss" or a metric's name */
  double min_delta;   /* better is better by more than this */
  int64_t patience;
  int32_t rising;       /* 1: larger is better */
  int32_t restore_best; /* 1: the run ends with the weights of its best validation */
} nnrt_stop;

typedef struct nnrt_train {
  nnrt_source data, validation, test;
  int64_t epochs, steps; /* one of them is 0 */
  int64_t seed;
  int32_t shuffle;            /* 1 or 0 */
  int32_t drop_last;          /* 0: a batch may straddle the border of two epochs (carry) */
  const char *const *classes; /* names, or null */
  int64_t n_classes;
  const char *target; /* name of the record field that is the target, or null */
  const nnrt_augment *augment;
  int64_t n_augment;
  const nnrt_load *load;  /* or null */
  const nnrt_stop *stop;  /* or null */
  const char *checkpoint; /* folder for checkpoints, or null */
} nnrt_train;

/* One row of `summary`, computed by the compiler. */
typedef struct nnrt_layer {
  const char *path, *kind;
  const int64_t *shape; /* output, with the batch */
  int64_t rank, parameters;
  int64_t flops;           /* of one example, counted as in nnrt_model */
  int64_t bytes;           /* of the parameters and of one example's output */
  int64_t receptive_field; /* 0: not spatial */
} nnrt_layer;

typedef struct nnrt_model {
  uint32_t abi; /* NNRT_ABI_VERSION */
  int32_t pointer_bits;
  const char *name;         /* the model's */
  const char *source;       /* the .nn text; empty where the program was made of MLIR */
  const char *source_hash;  /* of it, hexadecimal */
  const char *compiler;     /* "nnc 0.1.0 (LLVM 22.1.8)" */
  const char *target;       /* "x86-64-v4" … */
  const char *cpu_features; /* what the code needs, comma-separated: "avx2,fma,avx512f" */
  const char *precision;    /* "f32" */
  const nnrt_tensor *owned; /* all owned tensors, in declaration order; they fill the persistent part */
  const nnrt_entry *entries;
  const nnrt_train *train; /* null: a model without a train block */
  const nnrt_layer *layers;
  int64_t n_owned, n_entries, n_layers;
  int64_t persistent_bytes; /* owned tensors: 0 .. persistent_bytes of the arena */
  int64_t arena_bytes;
  int64_t parameter_bytes, gradient_bytes, optimizer_bytes, activation_bytes, workspace_bytes;
  int64_t threads; /* 0: --threads=none */
  int64_t flops;   /* of one example, forward: two per multiply-add of matrix products and convolutions */
} nnrt_model;

/* The one symbol that an executable's object exports. */
extern const nnrt_model nnrt_program;

#ifdef __cplusplus
}
#endif
#endif
