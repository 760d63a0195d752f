/** ONNX Runtime, in a process without keys beside the enclave. */
export { companion } from '@enclos/inference-service/engine';
