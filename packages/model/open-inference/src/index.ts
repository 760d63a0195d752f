import './errors.ts';
export {
  inferRequestBody,
  parseInferRequest,
  type InferRequest,
  type InferRequestContent,
  type InferRequestOptions,
  type RequestedOutput,
} from './oip/infer-request.ts';
export { inferResponseBody, parseInferResponse, type InferResponse } from './oip/infer-response.ts';
export { binaryType, headerLengthName, jsonType } from './oip/media-type.ts';
export { readHeaderLength, wholeBody, type OutgoingBody } from './oip/message.ts';
export {
  errorJson,
  errorMessageOf,
  liveJson,
  modelMetadataJson,
  modelReadyJson,
  onnxPlatform,
  parseModelMetadata,
  parseServerMetadata,
  readyJson,
  serverExtensions,
  serverMetadataJson,
  type ModelMetadata,
  type ServerMetadata,
} from './oip/metadata.ts';
export type { InferParameters } from './oip/parameters.ts';
export {
  indexJson,
  parseIndex,
  parseIndexRequest,
  parseLoadRequest,
  parseUnloadRequest,
  type RepositoryEntry,
} from './oip/repository.ts';
export {
  chatCompletionEvents,
  chatCompletionJson,
  streamEnd,
  type ChatAnswer,
  type ChatAnswerHead,
  type ChatPiece,
  type ChatUsage,
  type FinishReason,
} from './openai/chat-answer.ts';
export type { ChatMessage, ChatRole } from './openai/chat-messages.ts';
export { parseChatRequest, type ChatRequest } from './openai/chat-request.ts';
export {
  embeddingsJson,
  modelOfRequest,
  parseEmbeddingsRequest,
  type EmbeddingsAnswer,
  type EmbeddingsFacts,
  type EmbeddingsRequest,
} from './openai/embeddings.ts';
export { openAiErrorJson, openAiRefusalJson, type OpenAiError, type OpenAiErrorType } from './openai/error.ts';
export type { RequestBounds } from './openai/member.ts';
export { modelJson, modelsJson, type ListedModel } from './openai/models.ts';
export {
  parsePredictRequest,
  parsePredictResponse,
  predictAnswerType,
  predictFormOf,
  predictRequestBody,
  predictResponseBody,
  type PredictForm,
  type PredictRequest,
} from './predict/predict.ts';
export { checkTensor, countElements, fitsShape } from './tensors/check.ts';
export { datatypes, elementSize, isDatatype, type Datatype } from './tensors/datatype.ts';
export type { SmallDatatype } from './tensors/half.ts';
export {
  defaultTensorLimits,
  maximumNameLength,
  type Tensor,
  type TensorFacts,
  type TensorLimits,
} from './tensors/tensor.ts';
export {
  bytesTensorOf,
  byteStringsOf,
  floatsOf,
  smallFloatTensorOf,
  tensorOf,
  textsOf,
  valuesOf,
  type NumericDatatype,
  type TensorValues,
} from './tensors/values.ts';
