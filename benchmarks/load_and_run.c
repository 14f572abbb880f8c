/* Loads a SavedModel by TensorFlow's C API and runs it: files of numbers in, files of numbers out.

       load_and_run VERSION_DIR SECONDS INPUT=TYPE:SHAPE:FILE ... -- OUTPUT=FILE ...

   INPUT and OUTPUT are tensors as a signature names them, such as serving_default_seed:0. TYPE is bool, float16,
   float32, int32 or int64. SHAPE is the dimensions with commas between them, and empty for a scalar. A file has a
   tensor's bytes in C's order, as the machine orders them.

   Prints a line for each output, its shape, and then the best time in seconds of the runs that start within SECONDS
   after the first run. Without any the time is 0. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tensorflow/c/c_api.h"

#define MOST_TENSORS 16
#define MOST_DIMENSIONS 8

static void fail(const char *what, const char *why) {
  fprintf(stderr, "load_and_run: %s: %s\n", what, why);
  exit(1);
}

static void check(const TF_Status *status, const char *what) {
  if (TF_GetCode(status) != TF_OK) fail(what, TF_Message(status));
}

/* What stands after the first `mark` of the text, which ends there. */
static char *after(char *text, char mark, const char *expected) {
  char *found = strchr(text, mark);
  if (found == NULL) fail(text, expected);
  *found = '\0';
  return found + 1;
}

/* "operation:index" in the graph. */
static TF_Output find(TF_Graph *graph, char *tensor) {
  int index = atoi(after(tensor, ':', "is no tensor, expected OPERATION:INDEX"));
  TF_Output found = {TF_GraphOperationByName(graph, tensor), index};
  if (found.oper == NULL) fail(tensor, "is not in the graph");
  return found;
}

static TF_DataType type_of(const char *name) {
  if (strcmp(name, "bool") == 0) return TF_BOOL;
  if (strcmp(name, "float16") == 0) return TF_HALF;
  if (strcmp(name, "float32") == 0) return TF_FLOAT;
  if (strcmp(name, "int32") == 0) return TF_INT32;
  if (strcmp(name, "int64") == 0) return TF_INT64;
  fail(name, "is no known type");
  return TF_FLOAT;
}

/* "TYPE:SHAPE:FILE" as a tensor. */
static TF_Tensor *read_tensor(char *value) {
  char *shape = after(value, ':', "is no value, expected TYPE:SHAPE:FILE");
  char *path = after(shape, ':', "is no value, expected TYPE:SHAPE:FILE");
  TF_DataType type = type_of(value);
  int64_t dimensions[MOST_DIMENSIONS], elements = 1;
  int count = 0;
  for (char *number = strtok(shape, ","); number != NULL; number = strtok(NULL, ",")) {
    if (count == MOST_DIMENSIONS) fail(path, "has too many dimensions");
    dimensions[count] = strtoll(number, NULL, 10);
    elements *= dimensions[count++];
  }
  TF_Tensor *tensor = TF_AllocateTensor(type, dimensions, count, elements * TF_DataTypeSize(type));
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot be read");
  if (fread(TF_TensorData(tensor), 1, TF_TensorByteSize(tensor), file) != TF_TensorByteSize(tensor))
    fail(path, "has fewer bytes than its shape says");
  fclose(file);
  return tensor;
}

/* Writes the tensor's bytes, and prints its shape. */
static void write_tensor(const TF_Tensor *tensor, const char *path) {
  FILE *file = fopen(path, "wb");
  size_t bytes = TF_TensorByteSize(tensor);
  if (file == NULL || fwrite(TF_TensorData(tensor), 1, bytes, file) != bytes || fclose(file) != 0)
    fail(path, "cannot be written");
  for (int i = 0; i < TF_NumDims(tensor); i++) printf(i ? ",%lld" : "%lld", (long long)TF_Dim(tensor, i));
  printf("\n");
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + 1e-9 * time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc < 4) fail("usage", "load_and_run VERSION_DIR SECONDS INPUT=TYPE:SHAPE:FILE ... -- OUTPUT=FILE ...");
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, argv[1], tags, 1, graph, NULL, status);
  check(status, "loading");

  TF_Output inputs[MOST_TENSORS], outputs[MOST_TENSORS];
  TF_Tensor *values[MOST_TENSORS], *results[MOST_TENSORS];
  char *paths[MOST_TENSORS];
  int given = 0, asked = 0, position = 3;
  for (; position < argc && strcmp(argv[position], "--") != 0; position++, given++) {
    if (given == MOST_TENSORS) fail("usage", "too many inputs");
    char *value = after(argv[position], '=', "is no input, expected NAME=TYPE:SHAPE:FILE");
    inputs[given] = find(graph, argv[position]);
    values[given] = read_tensor(value);
  }
  for (position++; position < argc; position++, asked++) {
    if (asked == MOST_TENSORS) fail("usage", "too many outputs");
    paths[asked] = after(argv[position], '=', "is no output, expected NAME=FILE");
    outputs[asked] = find(graph, argv[position]);
  }
  if (asked == 0) fail("usage", "no output is asked for");

  double best = 0.0, end = 0.0, seconds = atof(argv[2]);
  for (int run = 0; run == 0 || now() < end; run++) {
    if (run)
      for (int i = 0; i < asked; i++) TF_DeleteTensor(results[i]);
    double start = now();
    TF_SessionRun(session, NULL, inputs, values, given, outputs, results, asked, NULL, 0, NULL, status);
    check(status, "running");
    double taken = now() - start;
    if (run == 0) end = now() + seconds;
    else if (run == 1 || taken < best) best = taken;
  }
  for (int i = 0; i < asked; i++) write_tensor(results[i], paths[i]);
  printf("%.9f\n", best);

  for (int i = 0; i < asked; i++) TF_DeleteTensor(results[i]);
  for (int i = 0; i < given; i++) TF_DeleteTensor(values[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
