import './errors.ts';
export { checkTensor, countElements } from './tensors/check.ts';
export { datatypes, elementSize, isDatatype, type Datatype } from './tensors/datatype.ts';
export {
  defaultTensorLimits,
  maximumNameLength,
  type Tensor,
  type TensorFacts,
  type TensorLimits,
} from './tensors/tensor.ts';
