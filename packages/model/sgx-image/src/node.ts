import './errors.ts';
export {
  defaultHashedBytes,
  measureEnclaveImage,
  meterEnclaveImage,
  type MeteredImage,
  type MeterOptions,
} from './node/measure.ts';
