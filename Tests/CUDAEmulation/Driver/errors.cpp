#include "state.h"

#include <cstdio>
#include <cstring>
#include <map>

namespace {

struct Explanation {
  const char *name, *text;
};

const std::map<int, Explanation> explanations = {
    {success, {"CUDA_SUCCESS", "no error"}},
    {invalid_value, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
    {out_of_memory, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
    {not_initialized, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
    {invalid_device, {"CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"}},
    {invalid_image, {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"}},
    {invalid_context, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
    {no_binary, {"CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"}},
    {invalid_handle, {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}},
    {not_found, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
    {not_ready, {"CUDA_ERROR_NOT_READY", "device not ready"}},
    {illegal_address, {"CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"}},
    {out_of_resources, {"CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"}},
    {misaligned_address, {"CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"}},
    {launch_failed, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
    {capture_unsupported,
     {"CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"}},
    {capture_invalidated,
     {"CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"}},
    {capture_unmatched, {"CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "capture was not initiated in this stream"}},
};

// What a card would not tell, said with the error.
std::map<int, const char *> details;

}  // namespace

void fail_work(Context *context, Result error, const std::string &what) {
  if (context->error != success) return;
  context->error = error;
  fprintf(stderr, "emulated card: %s\n", what.c_str());
  // A caller may hold the text: it is never freed.
  details[error] = strdup((std::string(explanations.at(error).text) + " (" + what + ")").c_str());
}

EXPORT Result cuGetErrorName(int error, const char **name) {
  auto found = explanations.find(error);
  *name = found == explanations.end() ? nullptr : found->second.name;
  return *name ? success : invalid_value;
}

EXPORT Result cuGetErrorString(int error, const char **text) {
  std::lock_guard<std::recursive_mutex> guard(lock);
  auto found = explanations.find(error);
  *text = found == explanations.end() ? nullptr : found->second.text;
  auto detail = details.find(error);
  if (detail != details.end()) *text = detail->second;
  return *text ? success : invalid_value;
}
