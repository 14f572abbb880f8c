/* Loads a SavedModel by TensorFlow's C API, runs one output of it and writes the output's bytes to standard output.

       load_and_run VERSION_DIR OUTPUT INPUT=TYPE:NUMBER[,NUMBER...] ...

   OUTPUT and INPUT are tensors as a signature names them, such as serving_default_seed:0. TYPE is int32, int64 or
   float32. One number is a scalar, several are a vector. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/c_api.h"

#define MOST_INPUTS 8
#define MOST_NUMBERS 64

static void fail(const char *what, const char *why) {
  fprintf(stderr, "load_and_run: %s: %s\n", what, why);
  exit(1);
}

static void check(const TF_Status *status, const char *what) {
  if (TF_GetCode(status) != TF_OK) fail(what, TF_Message(status));
}

/* "operation:index" in the graph; ends the operation's name in place. */
static TF_Output find(TF_Graph *graph, char *tensor) {
  char *colon = strrchr(tensor, ':');
  if (colon == NULL) fail(tensor, "is no tensor, expected OPERATION:INDEX");
  *colon = '\0';
  TF_Output found = {TF_GraphOperationByName(graph, tensor), atoi(colon + 1)};
  if (found.oper == NULL) fail(tensor, "is not in the graph");
  return found;
}

/* "TYPE:1,2" as a tensor. */
static TF_Tensor *parse(char *value) {
  char *numbers = strchr(value, ':');
  if (numbers == NULL) fail(value, "is no value, expected TYPE:NUMBERS");
  *numbers++ = '\0';
  TF_DataType type = TF_FLOAT;
  if (strcmp(value, "int32") == 0) type = TF_INT32;
  else if (strcmp(value, "int64") == 0) type = TF_INT64;
  else if (strcmp(value, "float32") != 0) fail(value, "is no known type");

  double parsed[MOST_NUMBERS];
  int64_t count = 0;
  for (char *number = strtok(numbers, ","); number != NULL; number = strtok(NULL, ",")) {
    if (count == MOST_NUMBERS) fail(value, "has too many numbers");
    parsed[count++] = strtod(number, NULL);
  }
  TF_Tensor *tensor = TF_AllocateTensor(type, &count, count > 1 ? 1 : 0, count * TF_DataTypeSize(type));
  void *data = TF_TensorData(tensor);
  for (int64_t i = 0; i < count; i++) {
    if (type == TF_INT32) ((int32_t *)data)[i] = (int32_t)parsed[i];
    else if (type == TF_INT64) ((int64_t *)data)[i] = (int64_t)parsed[i];
    else ((float *)data)[i] = (float)parsed[i];
  }
  return tensor;
}

int main(int argc, char **argv) {
  if (argc < 3 || argc - 3 > MOST_INPUTS) fail("usage", "load_and_run VERSION_DIR OUTPUT INPUT=TYPE:NUMBERS ...");
  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  const char *tags[] = {"serve"};
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, argv[1], tags, 1, graph, NULL, status);
  check(status, "loading");

  TF_Output inputs[MOST_INPUTS];
  TF_Tensor *values[MOST_INPUTS];
  int count = argc - 3;
  for (int i = 0; i < count; i++) {
    char *value = strchr(argv[3 + i], '=');
    if (value == NULL) fail(argv[3 + i], "is no input, expected NAME=TYPE:NUMBERS");
    *value++ = '\0';
    inputs[i] = find(graph, argv[3 + i]);
    values[i] = parse(value);
  }
  TF_Output output = find(graph, argv[2]);
  TF_Tensor *result = NULL;
  TF_SessionRun(session, NULL, inputs, values, count, &output, &result, 1, NULL, 0, NULL, status);
  check(status, "running");
  fwrite(TF_TensorData(result), 1, TF_TensorByteSize(result), stdout);

  TF_DeleteTensor(result);
  for (int i = 0; i < count; i++) TF_DeleteTensor(values[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteSessionOptions(options);
  TF_DeleteGraph(graph);
  TF_DeleteStatus(status);
  return 0;
}
